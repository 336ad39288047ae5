/*
 * Converts an agent's answer to the content that a watch's handler gets. As in the output of Consul's client, this content has
 * every field in the client's order, also fields that the agent's answer leaves out.
 */

type Reader = (json: unknown) => unknown;

/** Returns a reader that returns an object with exactly these fields, in this order, and drops all others. */
function object(fields: Readonly<Record<string, Reader>>): Reader {
  return (json) => {
    const given: Readonly<Record<string, unknown>> = typeof json === "object" && json !== null ? { ...json } : {};
    return Object.fromEntries(Object.entries(fields).map(([name, read]) => [name, read(given[name])]));
  };
}

function list(read: Reader): Reader {
  return (json) => (Array.isArray(json) ? json.map(read) : json);
}

/** Returns a reader that returns a value unchanged, or the fallback if the value is absent. */
function or(fallback: unknown): Reader {
  return (json) => json ?? fallback;
}

const text = or("");
const number = or(0);
const anything = or(null);
/** Returns a value unchanged; undefined, which omits the field, if the value is absent. */
const optional: Reader = (json) => json ?? undefined;

const node = object({
  ID: text,
  Node: text,
  Address: text,
  Datacenter: text,
  TaggedAddresses: anything,
  Meta: anything,
  CreateIndex: number,
  ModifyIndex: number,
});

const service = object({
  Kind: optional,
  ID: text,
  Service: text,
  Tags: anything,
  Meta: anything,
  Port: number,
  Address: text,
  TaggedAddresses: optional,
  Weights: or({ Passing: 0, Warning: 0 }),
  EnableTagOverride: or(false),
  CreateIndex: optional,
  ModifyIndex: optional,
  Proxy: optional,
  Connect: optional,
});

const duration = or("0s");

const check = object({
  Node: text,
  CheckID: text,
  Name: text,
  Status: text,
  Notes: text,
  Output: text,
  ServiceID: text,
  ServiceName: text,
  ServiceTags: anything,
  Type: text,
  Definition: object({
    Interval: duration,
    Timeout: duration,
    DeregisterCriticalServiceAfter: duration,
    HTTP: text,
    Header: anything,
    Method: text,
    Body: text,
    TLSSkipVerify: or(false),
    TCP: text,
  }),
  CreateIndex: number,
  ModifyIndex: number,
});

export const nodesShape: Reader = list(node);
export const checksShape: Reader = list(check);
export const serviceShape: Reader = list(object({ Node: node, Service: service, Checks: list(check) }));
