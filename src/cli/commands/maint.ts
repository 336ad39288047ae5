import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";
import { formatFlag, printText } from "../output-format.ts";

export const maintCommand: Command = apiCommand({
  name: "maint",
  summary: "Controls node or service maintenance mode",
  synopsis: "[options]",
  about:
    "Starts or ends maintenance of a node, or of one of its services: DNS and health queries leave it out meanwhile. Maintenance " +
    "is a critical check of its own, and outlives a restart of the agent.\n\n" +
    "Without -enable and -disable, lists what is in maintenance.",
  examples: [
    { what: "What is in maintenance", command: "maint" },
    { what: "Start maintenance of the node", command: "maint -enable -reason='new disk'" },
    { what: "End maintenance of a service", command: "maint -disable -service=web-1" },
  ],
  flags: [
    { name: "disable", kind: "bool", value: "", help: "End maintenance." },
    { name: "enable", kind: "bool", value: "", help: "Start maintenance." },
    { name: "reason", kind: "text", value: "text", help: "The reason, which the check shows." },
    { name: "service", kind: "text", value: "id", help: "A service of the agent, instead of its node." },
    formatFlag,
  ],
  asksServers: false,
  words: 0,
  run: maintain,
});

async function maintain(call: ApiCall): Promise<void> {
  const { flags } = call;
  const [enable, disable] = [flags.bool("enable"), flags.bool("disable")];
  if (enable && disable) throw new CommandFailure("Only one of -enable or -disable may be provided");
  if (!enable && flags.text("reason")) throw new CommandFailure("Reason may only be provided with -enable");
  if (!enable && !disable && flags.text("service"))
    throw new CommandFailure("Service requires either -enable or -disable");
  await (enable || disable ? turn(call, enable) : list(call));
}

async function turn({ api, flags, io }: ApiCall, enable: boolean): Promise<void> {
  const service = flags.text("service") ?? "";
  const noun = service === "" ? "node" : "service";
  const path =
    service === "" ? "/v1/agent/maintenance" : `/v1/agent/service/maintenance/${encodeURIComponent(service)}`;
  const query = { enable: String(enable), ...(enable && { reason: flags.text("reason") ?? "" }) };
  const attempted = `Error ${enable ? "enabling" : "disabling"} ${noun} maintenance`;
  await attempting(attempted, () => api.ok({ method: "PUT", path, query }));
  const done = `maintenance is now ${enable ? "enabled" : "disabled"}`;
  io.stdout(service === "" ? `Node ${done}\n` : `Service ${done} for ${JSON.stringify(service)}\n`);
}

async function list(call: ApiCall): Promise<void> {
  const { api } = call;
  const self = new JsonRow(await attempting("Error querying Consul agent", () => api.json("/v1/agent/self")));
  const checks = new JsonRow(await attempting("Error getting checks", () => api.json("/v1/agent/checks")));
  const ids = checks.names.filter((id) => /^_(node_maintenance$|service_maintenance:)/.test(id)).toSorted();
  const node = self.row("Config").text("NodeName");
  const maintained = ids.map((id) => maintainedBy(checks.row(id), node));
  printText(call, maintained, () => maintained.map(format).join(""));
}

interface Maintained {
  readonly node: string;
  /** Id of the service in maintenance; undefined for the whole node. */
  readonly service?: string;
  readonly reason: string;
}

function maintainedBy(check: JsonRow, node: string): Maintained {
  const service = check.text("ServiceID");
  return { node, ...(service !== "" && { service }), reason: check.text("Notes") };
}

function format({ node, service, reason }: Maintained): string {
  const what = service === undefined ? `Node:\n  Name:   ${node}\n` : `Service:\n  ID:     ${service}\n`;
  return `${what}  Reason: ${reason}\n\n`;
}
