import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { compileExpression } from "../expression.ts";
import { formatMap, rowsOf, type JsonRow } from "../../client/json-row.ts";
import { formatFlag, printTable } from "../output-format.ts";

export const membersCommand: Command = apiCommand({
  name: "members",
  summary: "Lists the agents of a cluster",
  synopsis: "[options]",
  about: "Lists the agents that the agent knows, including itself, with their status.",
  examples: [
    { what: "All of them", command: "members" },
    { what: "Live agents, with all their tags", command: "members -status=alive -detailed" },
  ],
  flags: [
    { name: "detailed", kind: "bool", value: "", help: "Show each agent's tags." },
    { name: "segment", kind: "text", value: "name", help: "Only agents of this network segment." },
    { name: "status", kind: "text", value: "expression", help: "Only agents whose status matches, as in '^alive$'." },
    { name: "wan", kind: "bool", value: "", help: "List the servers of all datacenters." },
    formatFlag,
  ],
  asksServers: false,
  words: 0,
  run: listMembers,
});

async function listMembers(call: ApiCall): Promise<number> {
  const { api, flags } = call;
  const status = compileExpression("status", flags.text("status") ?? ".*");
  const query = { ...(flags.bool("wan") && { wan: "1" }), segment: flags.text("segment") ?? "_all" };
  const json = await attempting("Error retrieving members", () => api.json("/v1/agent/members", query));
  const members = rowsOf(json)
    .filter((member) => status.test(stateOf(member)))
    .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  // Consul: exits with 2 if no member matches.
  if (members.length === 0) return 2;
  printTable(call, json, () => (flags.bool("detailed") ? detailed(members) : standard(members)));
  return 0;
}

/** Returns the key by which members are sorted. Consul: by name, then by segment, the default segment first. */
function sortKey(member: JsonRow): string {
  return `${member.text("Name")}\0${member.row("Tags").text("segment")}`;
}

function standard(members: readonly JsonRow[]): readonly (readonly string[])[] {
  const rows = members.map((member) => {
    const tags = member.row("Tags");
    return [
      member.text("Name"),
      addressOf(member),
      stateOf(member),
      typeOf(tags.text("role")),
      tags.text("build").split(":")[0] || "Unknown",
      tags.text("vsn"),
      tags.text("dc"),
      tags.text("role") === "consul" ? "<all>" : tags.text("segment") || "<default>",
    ];
  });
  return [["Node", "Address", "Status", "Type", "Build", "Protocol", "DC", "Segment"], ...rows];
}

function detailed(members: readonly JsonRow[]): readonly (readonly string[])[] {
  const rows = members.map((member) => {
    const tags = new Map(member.map("Tags"));
    if (tags.get("segment") === "")
      tags.set("segment", member.row("Tags").text("role") === "consul" ? "<all>" : "<default>");
    return [member.text("Name"), addressOf(member), stateOf(member), formatMap(tags, ",")];
  });
  return [["Node", "Address", "Status", "Tags"], ...rows];
}

function addressOf(member: JsonRow): string {
  const host = member.text("Addr");
  return `${host.includes(":") ? `[${host}]` : host}:${member.number("Port")}`;
}

function typeOf(role: string): string {
  switch (role) {
    case "node":
      return "client";
    case "consul":
      return "server";
    default:
      return "unknown";
  }
}

/** Returns the name of the member's status, which Serf gives as a number. */
function stateOf(member: JsonRow): string {
  return ["none", "alive", "leaving", "left", "failed"][member.number("Status")] ?? "unknown";
}
