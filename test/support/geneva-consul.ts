import type { CannedRequest } from "./canned-agent.ts";

const services = [
  { name: "edgex-core-command", port: 48082 },
  { name: "edgex-core-data", port: 48080 },
  { name: "edgex-core-metadata", port: 48081 },
] as const;

/**
 * Returns the answer of Consul 1.8 to a request on a small gateway with EdgeX Geneva in containers. The gateway has three
 * services with their settings, and a database.
 */
export function genevaConsul({ target }: CannedRequest): Response {
  const answer = answers.get(target);
  return answer === undefined ? new Response("", { status: 404 }) : Response.json(answer);
}

const node = "edgex-core-consul";

const answers: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["/v1/agent/self", { Config: { Datacenter: "dc1", NodeName: node, Server: true, Version: "1.8.3" } }],
  ["/v1/kv/?recurse=", services.flatMap(settingsOf)],
  ["/v1/agent/services", byId([...services.map((each) => serviceRow(each.name, each.port)), redisRow()], "ID")],
  ["/v1/agent/checks?definitions=", byId([...services.map(pingRow), databaseRow()], "CheckID")],
  ["/v1/query", []],
  ["/v1/catalog/nodes", [{ Node: node, Address: "172.18.0.2", Datacenter: "dc1" }]],
]);

function settingsOf({ name, port }: (typeof services)[number]): readonly object[] {
  const settings = { "Service/Host": name, "Service/Port": `${port}`, "Writable/LogLevel": "INFO" };
  return Object.entries(settings).map(([key, value]) => ({
    ...{ LockIndex: 0, Key: `edgex/core/1.0/${name}/${key}`, Flags: 0, Value: btoa(value) },
    ...{ CreateIndex: 9, ModifyIndex: 9 },
  }));
}

function serviceRow(name: string, port: number): Record<string, unknown> {
  const weights = { Weights: { Passing: 1, Warning: 1 }, EnableTagOverride: false };
  return { ID: name, Service: name, Tags: [], Meta: {}, Port: port, Address: name, ...weights };
}

function redisRow(): Record<string, unknown> {
  return { ...serviceRow("edgex-redis", 6379), Tags: ["database"] };
}

function pingRow({ name, port }: (typeof services)[number]): Record<string, unknown> {
  const Output = `HTTP GET http://${name}:${port}/api/v1/ping: 200 OK Output: pong`;
  const id = `Health Check: ${name}`;
  return checkRow({
    CheckID: id,
    Name: id,
    Notes: "Check the health of the API",
    ServiceID: name,
    Type: "http",
    Output,
  });
}

function databaseRow(): Record<string, unknown> {
  const Output = "TCP connect edgex-redis:6379: Success";
  return checkRow({ CheckID: "service:edgex-redis", Name: "status", ServiceID: "edgex-redis", Type: "tcp", Output });
}

/** Returns the JSON of a passing check. Its definition is empty, because Consul's API omits how an agent runs a check. */
function checkRow(row: { readonly ServiceID: string } & Readonly<Record<string, string>>): Record<string, unknown> {
  return {
    Node: node,
    Status: "passing",
    Notes: "",
    ServiceName: row.ServiceID,
    ServiceTags: [],
    Definition: {},
    ...row,
  };
}

function byId(rows: readonly Record<string, unknown>[], id: string): object {
  return Object.fromEntries(rows.map((row) => [row[id], row]));
}
