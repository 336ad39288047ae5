// The exact JSON of the agent's node and checks, with indexes and ids masked as `masked()` does.

const addresses =
  '"TaggedAddresses":{"lan":"127.0.0.1","lan_ipv4":"127.0.0.1","wan":"127.0.0.1","wan_ipv4":"127.0.0.1"}';
const meta = '{"consul-network-segment":""}';
const rowIndexes = '"CreateIndex":0,"ModifyIndex":0';
const identity = '"ID":"<uuid>","Node":"node1","Address":"127.0.0.1","Datacenter":"dc1"';

/** The JSON of node1 in the answers of /v1/catalog and /v1/health. */
export const nodeText: string = `{${identity},${addresses},"Meta":${meta},${rowIndexes}}`;

/** The JSON fields of node1 with which each instance in an answer of /v1/catalog/service/:name begins. */
export const nodeColumns: string = `${identity},${addresses},"NodeMeta":${meta}`;

export const proxyColumns: string = '"Proxy":{"MeshGateway":{},"Expose":{}},"Connect":{}';
export const catalogProxyColumns: string = '"ServiceProxy":{"MeshGateway":{},"Expose":{}},"ServiceConnect":{}';
export { rowIndexes };

interface ExpectedCheck {
  readonly node?: string;
  readonly id: string;
  readonly name?: string;
  readonly status: string;
  readonly notes?: string;
  readonly output?: string;
  readonly serviceId?: string;
  readonly service?: string;
  readonly tags?: readonly string[];
  readonly type?: string;
  readonly definition?: object;
}

/** Returns the JSON of a check in the answers of /v1/agent/checks and /v1/health/*. */
export function checkText(check: ExpectedCheck): string {
  const columns = {
    Node: check.node ?? "node1",
    CheckID: check.id,
    Name: check.name ?? check.id,
    Status: check.status,
    Notes: check.notes ?? "",
    Output: check.output ?? "",
    ServiceID: check.serviceId ?? check.service ?? "",
    ServiceName: check.service ?? "",
    ServiceTags: check.tags ?? [],
    Type: check.type ?? "",
    Definition: check.definition ?? {},
    CreateIndex: 0,
    ModifyIndex: 0,
  };
  return JSON.stringify(columns);
}

/** Returns the JSON of a check in /v1/agent/health/service/*, where each field of its definition, and its type, is empty. */
export function agentHealthCheckText(check: ExpectedCheck): string {
  const definition = {
    ...{ Interval: "0s", Timeout: "0s", DeregisterCriticalServiceAfter: "0s" },
    ...{ HTTP: "", Header: null, Method: "", Body: "", TLSSkipVerify: false, TCP: "" },
  };
  return checkText({ ...check, type: "", definition }).replace('"ServiceTags":[]', '"ServiceTags":null');
}

export const serfHealthText: string = checkText({
  id: "serfHealth",
  name: "Serf Health Status",
  status: "passing",
  output: "Agent alive and reachable",
});
