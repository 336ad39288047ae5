import { KvClient } from "../../client/kv-client.ts";
import { fieldsOf } from "../../client/json-object.ts";
import { messageOf } from "../../lib/errors.ts";
import { isNamed, type PreparedQuery } from "../../model/prepared-query.ts";
import type { KvEntry } from "../../model/kv-entry.ts";
import { decodePreparedQuery } from "../../wire/prepared-query.ts";
import type { AgentApi } from "../api-command.ts";
import { JsonRow, rowsOf } from "../../client/json-row.ts";
import { type CarriedNode, decodeCarriedNode, type NodeRows } from "./carried-node.ts";
import { carriedServices } from "./carried-services.ts";
import { counted, type Found } from "./inventory.ts";
import type { Destination } from "./destination.ts";

/** The content of a registry, as Consul's API and snapshots represent it. */
export interface RegistryRows {
  readonly keys: readonly KvEntry[];
  readonly services: readonly unknown[];
  readonly checks: readonly unknown[];
  readonly nodes: readonly NodeRows[];
  readonly queries: readonly unknown[];
}

/**
 * Reads the content to import or export from an agent of Praetor or Consul and from its catalog.
 * @throws OperatingError if any part cannot be read
 */
export async function readAgent(api: AgentApi): Promise<Found<KvEntry> & Destination> {
  const self = new JsonRow(await api.json("/v1/agent/self"));
  const name = self.row("Config").text("NodeName");
  const [keys, services, checks, queries] = await Promise.all([
    new KvClient(api).list(""),
    api.json("/v1/agent/services"),
    // Consul ignores the parameter `definitions` and returns no definitions.
    api.json("/v1/agent/checks", { definitions: "" }),
    api.json("/v1/query"),
  ]);
  const others = rowsOf(await api.json("/v1/catalog/nodes")).map((row) => row.text("Node"));
  const nodes: NodeRows[] = [];
  for (const other of others) if (other !== name) nodes.push(await readNode(api, other));
  const rows = {
    ...{ keys, nodes, services: Object.values(fieldsOf(services)), checks: Object.values(fieldsOf(checks)) },
    queries: Array.isArray(queries) ? queries : [],
  };
  const valueBytesMax = self.row("DebugConfig").number("KVMaxValueSize");
  return { where: `the agent at ${api.url.origin} (${name})`, node: name, valueBytesMax, ...foundIn(rows) };
}

async function readNode(api: AgentApi, name: string): Promise<NodeRows> {
  const path = encodeURIComponent(name);
  const [entry, checks] = await Promise.all([
    api.json(`/v1/catalog/node/${path}`),
    api.json(`/v1/health/node/${path}`),
  ]);
  const { Node: node, Services: services } = fieldsOf(entry);
  return {
    node: fieldsOf(node),
    services: Object.values(fieldsOf(services)),
    checks: Array.isArray(checks) ? checks : [],
  };
}

/** Decodes the items of a registry that can be imported, and adds a remark for each other item. */
export function foundIn(rows: RegistryRows): Omit<Found<KvEntry>, "where"> {
  const { services, checks, vagueChecks, remarks, checkRemarks } = carriedServices(rows.services, rows.checks);
  const nodes = rows.nodes.map((each) => carried(`node ${nameOfNode(each)}`, () => carriedNode(each)));
  const queries = rows.queries.map((json) => carried(`prepared query ${nameOf(json)}`, () => carriedQuery(json)));
  const locked = rows.keys.filter(({ session }) => session !== "").length;
  return {
    inventory: {
      ...{ services, checks, keys: rows.keys },
      nodes: nodes.flatMap(({ item }) => item ?? []).toSorted((a, b) => (a.node.name < b.node.name ? -1 : 1)),
      queries: queries.flatMap(({ item }) => item ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    },
    vagueChecks,
    checkRemarks,
    remarks: [
      ...(locked === 0 ? [] : [`Locks are not imported, only the values: ${counted(locked, "key")} locked there.`]),
      ...remarks,
      ...[...nodes, ...queries].flatMap((each) => each.remark ?? []),
    ],
  };
}

interface Carried<T> {
  readonly item?: T;
  readonly remark?: string;
}

function carried<T>(what: string, decode: () => Carried<T>): Carried<T> {
  try {
    return decode();
  } catch (error) {
    return { remark: `Skipped: the ${what}: ${messageOf(error)}.` };
  }
}

/**
 * Decodes a node other than the agent's. If that node had an agent, a remark says that its checks keep their last status, since
 * no agent runs them at the destination.
 */
function carriedNode(rows: NodeRows): Carried<CarriedNode> {
  const { node, services, checks } = rows;
  const own = checks.filter((check) => fieldsOf(check)["CheckID"] !== "serfHealth");
  const isAgent = own.length < checks.length;
  const item = decodeCarriedNode({
    node,
    services: services.filter((row) => fieldsOf(row)["ID"] !== "consul"),
    checks: own,
  });
  if (!isAgent) return { item };
  const name = nameOfNode(rows);
  return { item, remark: `The node ${name} had an agent; its services and checks are imported in their last state.` };
}

function carriedQuery(json: unknown): Carried<PreparedQuery> {
  const query = decodePreparedQuery(json);
  if (query.session !== "" || !isNamed(query)) {
    const why =
      query.session === "" ? "without a name it is known by its id, which stays behind" : "it ends with its session";
    return { remark: `Skipped: the prepared query ${nameOf(json)}: ${why}.` };
  }
  return { item: query };
}

function nameOfNode({ node }: NodeRows): string {
  return new JsonRow(node).text("Node");
}

function nameOf(json: unknown): string {
  const row = new JsonRow(json);
  return JSON.stringify(row.text("Name") || row.text("ID"));
}
