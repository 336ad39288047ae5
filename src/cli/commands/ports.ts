import { jsonOf, unexpectedStatus } from "../../client/http.ts";
import { KvClient } from "../../client/kv-client.ts";
import { portRecordFolder } from "../../model/port-record.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { JsonRow, rowsOf } from "../../client/json-row.ts";
import { formatFlag, printTable } from "../output-format.ts";

export const portsCommand: Command = apiCommand({
  name: "ports",
  summary: "Lists port conflicts between services, and how they were resolved",
  synopsis: "[options] [SERVICE]",
  about:
    "Lists the services that registered a port of another service: the port they registered, the one they were assigned, the " +
    "owner of the old one, and whether they use the new one. Works with Praetor's agents only.",
  examples: [
    { what: "All of them", command: "ports" },
    { what: "The record of one service", command: "ports edgex-core-data" },
    { what: "Delete the record of a service", command: "ports -forget edgex-core-data" },
  ],
  flags: [
    {
      name: "forget",
      kind: "bool",
      value: "",
      help: "Delete the service's record, and with it the assigned port. The service's keys are kept.",
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
  if (answer.status === 404) throw new CommandFailure(service === "" ? noPorts : noRecord(service));
  if (answer.status !== 200) throw new CommandFailure(`Error listing ports: ${unexpectedStatus(answer).message}`);
  const json = jsonOf(answer);
  const records = service === "" ? rowsOf(json) : [new JsonRow(json)];
  if (records.length === 0 && flags.text("format") !== "json") {
    io.stderr("No service has registered a port of another service.\n");
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
  if (known === undefined) throw new CommandFailure(noRecord(service));
  await attempting("Error forgetting the port", () => kv.delete(key, {}));
  io.stdout(`Deleted the port record of ${service}\n`);
}

const noPorts = "Error listing ports: this agent does not assign ports; only Praetor does";

function noRecord(service: string): string {
  return `There is no port record of ${service}; praetor ports lists all services with one`;
}
