import { jsonOf, unexpectedStatus } from "../../client/http.ts";
import { KvClient } from "../../client/kv-client.ts";
import { portRecordFolder } from "../../model/port-record.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { JsonRow, rowsOf } from "../json.ts";
import { formatFlag, printTable } from "../output-format.ts";

/** `praetor ports`. */
export const portsCommand: Command = apiCommand({
  name: "ports",
  summary: "Lists ports that two services wanted, and what was done about it",
  synopsis: "[options] [SERVICE]",
  about:
    "Lists the services whose port was another's: which port they wanted, which one they were given, who has the old one, " +
    "and whether they are on the new one. Works with Praetor's agents only.",
  examples: [
    { what: "All of them", command: "ports" },
    { what: "What became of one service's port", command: "ports edgex-core-data" },
    { what: "Give a service no port that it had before", command: "ports -forget edgex-core-data" },
  ],
  flags: [
    {
      name: "forget",
      kind: "bool",
      value: "",
      help: "Forget what is noted of the service, and the port that it was given. What is stored for it stays.",
    },
    formatFlag,
  ],
  asksServers: false,
  run: runPorts,
});

async function runPorts(call: ApiCall): Promise<void> {
  const { flags, words } = call;
  if (words.length > 1) throw new CommandFailure(`Too many arguments (expected at most 1, got ${words.length})`);
  const [service = ""] = words;
  if (flags.bool("forget")) return forget(call, service);
  return list(call, service);
}

async function list(call: ApiCall, service: string): Promise<void> {
  const { api, flags, io } = call;
  const path = `/v1/praetor/ports${service === "" ? "" : `/${encodeURIComponent(service)}`}`;
  const answer = await attempting("Error listing ports", () => api.request({ path }));
  if (answer.status === 404) throw new CommandFailure(service === "" ? noPorts : nothingNoted(service));
  if (answer.status !== 200) throw new CommandFailure(`Error listing ports: ${unexpectedStatus(answer).message}`);
  const json = jsonOf(answer);
  const records = service === "" ? rowsOf(json) : [new JsonRow(json)];
  if (records.length === 0 && flags.text("format") !== "json") {
    io.stderr("No service has wanted a port that is another's.\n");
    return;
  }
  printTable(call, json, () => [headings, ...records.map(rowOf)]);
}

const headings = ["Service", "Host", "From", "To", "State", "Owner", "At", "Reason"];

function rowOf(record: JsonRow): readonly string[] {
  const newPort = record.number("newPort");
  return [
    ...[record.text("service"), record.text("host"), String(record.number("oldPort")), newPort ? String(newPort) : "-"],
    ...[record.text("state"), record.text("owner"), record.text("at"), record.text("reason")],
  ];
}

async function forget({ api, io }: ApiCall, service: string): Promise<void> {
  if (service === "") throw new CommandFailure("-forget needs the name of a SERVICE");
  const kv = new KvClient(api);
  const key = portRecordFolder + service;
  const known = await attempting("Error reading the port", () => kv.get(key));
  if (known === undefined) throw new CommandFailure(nothingNoted(service));
  await attempting("Error forgetting the port", () => kv.delete(key, {}));
  io.stdout(`Forgotten: what was noted of the port of ${service}\n`);
}

const noPorts = "Error listing ports: this agent does not look after ports; Praetor's do";

function nothingNoted(service: string): string {
  return `Nothing is noted of the port of ${service}; praetor ports lists all services of which something is`;
}
