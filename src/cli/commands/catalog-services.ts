import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { columns } from "../columns.ts";
import type { Command } from "../command.ts";
import { JsonRow } from "../../client/json-row.ts";
import { formatFlag, printText } from "../output-format.ts";
import { keyValueQuery, nodeMetaFlag } from "../query-flags.ts";

export const catalogServicesCommand: Command = apiCommand({
  name: "catalog services",
  summary: "Lists all registered services in a datacenter",
  synopsis: "[options]",
  about: "Lists the services of the catalog by name, or those of one node.",
  examples: [
    { what: "All services, with their tags", command: "catalog services -tags" },
    { what: "Services on a node", command: "catalog services -node=gateway-1" },
    { what: "Services on the nodes of a room", command: "catalog services -node-meta=room=12" },
  ],
  flags: [
    { name: "node", kind: "text", value: "name or id", help: "Only services of this node." },
    { name: "tags", kind: "bool", value: "", help: "Also show the services' tags." },
    nodeMetaFlag,
    formatFlag,
  ],
  asksServers: true,
  words: 0,
  run: listServices,
});

/** Number of blanks between a service's name and its tags. */
const tagsGap = 6;

async function listServices(call: ApiCall): Promise<void> {
  const { flags, io } = call;
  const tagsByName = await attempting("Error listing services", () => servicesOf(call));
  if (tagsByName.size === 0 && flags.text("format") !== "json") {
    io.stderr("No services match the given query - try expanding your search.\n");
    return;
  }
  const sorted = [...tagsByName].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = sorted.map(([name, tags]) => (flags.bool("tags") ? [name, tags.toSorted().join(",")] : [name]));
  printText(call, Object.fromEntries(tagsByName), () => columns(rows, tagsGap));
}

async function servicesOf({ api, flags }: ApiCall): Promise<ReadonlyMap<string, readonly string[]>> {
  const node = flags.text("node") ?? "";
  const query = keyValueQuery(flags, {});
  if (node === "") {
    const services = new JsonRow(await api.json(`/v1/catalog/services${query}`));
    return new Map(services.names.map((name) => [name, services.texts(name)]));
  }
  const answer = new JsonRow(await api.json(`/v1/catalog/node/${encodeURIComponent(node)}${query}`));
  const instances = answer.row("Services");
  const tagsByName = new Map<string, readonly string[]>();
  for (const id of instances.names) {
    const instance = instances.row(id);
    const name = instance.text("Service");
    tagsByName.set(name, [...(tagsByName.get(name) ?? []), ...instance.texts("Tags")]);
  }
  return tagsByName;
}
