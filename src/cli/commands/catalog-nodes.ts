import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { formatMap, rowsOf, type JsonRow } from "../../client/json-row.ts";
import { formatFlag, printTable } from "../output-format.ts";
import { filterFlag, keyValueQuery, nodeMetaFlag } from "../query-flags.ts";

export const catalogNodesCommand: Command = apiCommand({
  name: "catalog nodes",
  summary: "Lists all nodes of a datacenter",
  synopsis: "[options]",
  about: "Lists the nodes of the catalog, or those that a service runs on.",
  examples: [
    { what: "All nodes", command: "catalog nodes" },
    { what: "Nodes that run a service, the nearest first", command: "catalog nodes -service=web -near=_agent" },
    { what: "Nodes in a room, with all their fields", command: "catalog nodes -node-meta=room=12 -detailed" },
  ],
  flags: [
    { name: "detailed", kind: "bool", value: "", help: "Show whole ids, tagged addresses and metadata." },
    {
      name: "near",
      kind: "text",
      value: "node",
      help: "Sort by distance from this node; _agent is the agent's own.",
    },
    { name: "service", kind: "text", value: "name", help: "Only nodes that this service runs on." },
    nodeMetaFlag,
    filterFlag,
    formatFlag,
  ],
  asksServers: true,
  words: 0,
  run: listNodes,
});

async function listNodes(call: ApiCall): Promise<void> {
  const { api, flags, io } = call;
  const service = flags.text("service") ?? "";
  const path = service === "" ? "/v1/catalog/nodes" : `/v1/catalog/service/${encodeURIComponent(service)}`;
  const query = keyValueQuery(flags, { near: flags.text("near"), filter: flags.text("filter") });
  const json = await attempting("Error listing nodes", () => api.json(path + query));
  const nodes = rowsOf(json);
  if (nodes.length === 0 && flags.text("format") !== "json") {
    io.stderr("No nodes match the given query - try expanding your search.\n");
    return;
  }
  printTable(call, json, () => (flags.bool("detailed") ? detailed(nodes) : standard(nodes)));
}

function standard(nodes: readonly JsonRow[]): readonly (readonly string[])[] {
  const rows = nodes.map((node) => [
    node.text("Node"),
    // Consul: shows the first part of the id.
    node.text("ID").split("-")[0] ?? "",
    node.text("Address"),
    node.text("Datacenter"),
  ]);
  return [["Node", "ID", "Address", "DC"], ...rows];
}

function detailed(nodes: readonly JsonRow[]): readonly (readonly string[])[] {
  const rows = nodes.map((node) => [
    node.text("Node"),
    node.text("ID"),
    node.text("Address"),
    node.text("Datacenter"),
    formatMap(node.map("TaggedAddresses")),
    formatMap(node.map("Meta")),
  ]);
  return [["Node", "ID", "Address", "DC", "TaggedAddresses", "Meta"], ...rows];
}
