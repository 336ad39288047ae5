import type { Json } from "./recording.ts";

/** Fields whose values depend on the time or the machine: only their presence is compared. */
const varying: readonly (readonly [path: string, ...fields: readonly string[]])[] = [
  ["/v1/agent/self", "Stats", "DebugConfig"],
  ["/v1/agent/metrics", "Timestamp", "Gauges", "Points", "Counters", "Samples"],
  ["/v1/agent/host", "Memory", "CPU", "Host", "Disk", "CollectionTime"],
];

export function hasVarying(request: string): boolean {
  return varying.some(([path]) => request.includes(path));
}

export function isVarying(request: string, field: string): boolean {
  return varying.some(([path, ...fields]) => request.includes(path) && fields.includes(field));
}

type Order = (body: Json) => Json;

/**
 * The lists that Consul returns in no fixed order, or in the order of random ids, each with the function that sorts
 * them.
 */
const unordered: readonly (readonly [path: string, order: Order])[] = [
  ["GET /v1/acl/binding-rules", byCreation],
  ["GET /v1/acl/list", byCreation],
  ["GET /v1/acl/policies", byCreation],
  ["GET /v1/acl/roles", byCreation],
  ["GET /v1/session/list", byCreation],
  ["GET /v1/session/node/", byCreation],
  ["GET /v1/query", byCreation],
  ["GET /v1/catalog/services", sortTags],
  ["GET /v1/agent/health/service/", sortChecks],
];

/** Returns the function that sorts the body of the request's answer for the comparison. */
export function orderOf(request: string): Order {
  return unordered.find(([path]) => request.startsWith(path))?.[1] ?? ((body) => body);
}

type Row = { readonly [field: string]: Json };

function byCreation(body: Json): Json {
  return Array.isArray(body) ? sortedBy(body as Row[], (row) => Number(row["CreateIndex"])) : body;
}

function sortTags(body: Json): Json {
  if (!isRow(body)) return body;
  const sorted = Object.entries(body).map(([name, tags]) => [name, (tags as string[]).toSorted()]);
  return Object.fromEntries(sorted) as Json;
}

/** Sorts the checks of one instance's health by id. In a list of instances, sorts the instances and the checks of each. */
function sortChecks(body: Json): Json {
  if (Array.isArray(body))
    return sortedBy(body.map(sortChecks) as Row[], (row) => (row["Service"] as Row)["ID"] as string);
  if (!isRow(body) || !Array.isArray(body["Checks"])) return body;
  return { ...body, Checks: sortedBy(body["Checks"] as Row[], (check) => check["CheckID"] as string) };
}

function isRow(body: Json): body is Row {
  return typeof body === "object" && body !== null && !Array.isArray(body);
}

function sortedBy(rows: readonly Row[], key: (row: Row) => string | number): readonly Row[] {
  return rows.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}
