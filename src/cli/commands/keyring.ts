import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { rowsOf, type JsonRow } from "../../client/json-row.ts";
import { formatFlag, wantsJson } from "../output-format.ts";
import { wrongUsage } from "../wrong-usage.ts";

export const keyringCommand: Command = apiCommand({
  name: "keyring",
  summary: "Manages gossip layer encryption keys",
  synopsis: "[options]",
  about:
    "Lists and changes the gossip encryption keys of the whole cluster. To change the key, -install the new one, -use it, and " +
    "-remove the old one. The exit code is 1 if any agent fails.",
  examples: [
    { what: "List the keys", command: "keyring -list" },
    { what: "Install a new key", command: 'keyring -install="$(praetor keygen)"' },
  ],
  flags: [
    { name: "list", kind: "bool", value: "", help: "List the keys, and how many agents have each." },
    { name: "list-primary", kind: "bool", value: "", help: "List the primary keys, which encrypt messages." },
    { name: "install", kind: "text", value: "key", help: "Install a further key on all agents." },
    { name: "use", kind: "text", value: "key", help: "Encrypt with this key from now on; it must be installed." },
    { name: "remove", kind: "text", value: "key", help: "Remove this key, which must not be in use." },
    { name: "relay-factor", kind: "int", value: "0-5", help: "Number of agents that relay each answer." },
    { name: "local-only", kind: "bool", value: "", help: "List the keys of this datacenter only." },
    formatFlag,
  ],
  asksServers: false,
  // The agent waits for the answers of all members.
  timeoutMs: 60_000,
  words: 0,
  run: manageKeys,
});

interface Change {
  readonly flag: string;
  readonly announced: string;
  readonly method: "POST" | "PUT" | "DELETE";
}

const changes: readonly Change[] = [
  { flag: "install", announced: "Installing new gossip encryption key...", method: "POST" },
  { flag: "use", announced: "Changing primary gossip encryption key...", method: "PUT" },
  { flag: "remove", announced: "Removing gossip encryption key...", method: "DELETE" },
];

async function manageKeys(call: ApiCall): Promise<void> {
  const { flags } = call;
  const lists = ["list", "list-primary"].filter((flag) => flags.bool(flag));
  const asked = changes.filter(({ flag }) => flags.text(flag));
  const actions = lists.length + asked.length;
  if (actions === 0) throw wrongUsage("One of -list, -list-primary, -install, -use and -remove must be given");
  if (actions > 1) throw new CommandFailure("Only a single action is allowed");
  const relays = flags.int("relay-factor", 0);
  if (relays < 0 || relays > 5)
    throw new CommandFailure("Error parsing relay factor: Relay factor must be in range: [0, 5]");
  // Consul: allows -local-only with -list, not with -list-primary.
  if (flags.bool("local-only") && !flags.bool("list"))
    throw new CommandFailure("Error validating local-only: local-only can only be set for list requests");
  const [change] = asked;
  await (change ? changeKeys(call, change) : listKeys(call));
}

async function changeKeys(call: ApiCall, { flag, announced, method }: Change): Promise<void> {
  call.io.stdout(`==> ${announced}\n`);
  const body = JSON.stringify({ Key: call.flags.text(flag) });
  await attempting("error", () => call.api.ok({ method, path: "/v1/operator/keyring", query: queryOf(call), body }));
}

async function listKeys(call: ApiCall): Promise<void> {
  const { api, flags, io } = call;
  const primary = flags.bool("list-primary");
  const isJson = wantsJson(call);
  if (!isJson) io.stdout(`==> Gathering installed ${primary ? "primary " : ""}encryption keys...\n`);
  const json = await attempting("error", () => api.json("/v1/operator/keyring", queryOf(call)));
  const field = primary ? "PrimaryKeys" : "Keys";
  const text = rowsOf(json).map((pool) => `\n${formatPool(pool, pool.row(field))}`);
  io.stdout(isJson ? `${JSON.stringify(json, undefined, 4)}\n` : text.join(""));
}

function queryOf({ flags }: ApiCall): Readonly<Record<string, string>> {
  const relays = flags.int("relay-factor", 0);
  return {
    ...(relays > 0 && { "relay-factor": String(relays) }),
    ...(flags.bool("local-only") && { "local-only": "true" }),
  };
}

function formatPool(pool: JsonRow, keys: JsonRow): string {
  const segment = pool.text("Segment");
  const name = pool.bool("WAN") ? "WAN" : `${pool.text("Datacenter")} (LAN)`;
  const messages = [...pool.map("Messages")].map(([node, message]) => `  ===> ${node}: ${message}\n`);
  const lines = keys.names.toSorted().map((key) => `  ${key} [${keys.number(key)}/${pool.number("NumNodes")}]\n`);
  return `${name}${segment === "" ? "" : ` [${segment}]`}:\n${messages.join("")}${lines.join("")}`;
}
