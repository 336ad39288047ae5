import type { Answer, ExchangeRequest } from "./exchange.ts";
import { type Found, isDeletion } from "./ledger.ts";

/** Sends a request to the agent under trial. */
export type Send = (method: string, path: string, more?: Omit<ExchangeRequest, "path">) => Promise<Answer>;

/** The requests by which clients rewrite things of one kind (keys, services, nodes) in numbered generations and read them. */
export interface ThingSort {
  readonly sort: string;
  /** Sends the request that writes or deletes a generation of a thing with all its parts. The answer's status must be 2xx. */
  write(send: Send, thing: string, generation: number): Promise<Answer>;
  /** Returns every existing thing of the kind, with its generation. */
  read(send: Send): Promise<ReadonlyMap<string, Found>>;
}

const keyFolder = "/v1/kv/kill-nine/plain/";
const casFolder = "/v1/kv/kill-nine/cas/";

export const plainKeys: ThingSort = {
  sort: "key",
  write: (send, thing, generation) => writeKey(send, keyFolder + thing, generation),
  read: (send) => readKeys(send, keyFolder),
};

/** Keys that clients write by check-and-set with the index that they have just read. */
export const casKeys: ThingSort = {
  sort: "cas-key",
  async write(send, thing, generation) {
    const seen = await send("GET", casFolder + thing);
    const index = seen.status === 404 ? 0 : (seen.json as readonly KeyEntry[])[0]?.ModifyIndex;
    const answer = await writeKey(send, `${casFolder}${thing}?cas=${index}`, generation);
    if (answer.text !== "true") throw new Error(`lost against nobody: ${thing} at ${index}: ${answer.text}`);
    return answer;
  },
  read: (send) => readKeys(send, casFolder),
};

const lockFolder = "/v1/kv/kill-nine/lock/";

/**
 * Returns keys, each of which is locked by a session of its own. The client creates the session before the first write and makes
 * every write under the lock, so the session must survive.
 */
export function lockedKeys(): ThingSort {
  const sessions = new Map<string, string>();
  return {
    sort: "locked-key",
    async write(send, thing, generation) {
      const session = sessions.get(thing) ?? (await createSession(send, thing));
      sessions.set(thing, session);
      if (isDeletion(generation)) return send("DELETE", lockFolder + thing);
      const answer = await send("PUT", `${lockFolder}${thing}?acquire=${session}`, { body: String(generation) });
      if (answer.text !== "true") throw new Error(`${thing} is not locked for its own session: ${answer.text}`);
      return answer;
    },
    async read(send) {
      const living = await jsonOf<readonly { readonly ID: string }[]>(send, "/v1/session/list");
      const ids = new Set(living.map(({ ID }) => ID));
      const found = (await entriesIn(send, lockFolder)).map(({ Key, Value, Session }): [string, Found] => {
        const thing = nameIn(lockFolder, Key);
        const isHeld = Session !== undefined && Session === sessions.get(thing) && ids.has(Session);
        return [thing, isHeld ? Number(atob(Value)) : `torn (its session is ${Session ?? "none"})`];
      });
      return new Map(found);
    },
  };
}

async function createSession(send: Send, thing: string): Promise<string> {
  const { json } = await send("PUT", "/v1/session/create", { body: { Name: thing, LockDelay: "0s" } });
  return (json as { readonly ID: string }).ID;
}

/**
 * Registrations over core-keeper's API, each of which writes core-keeper's row and the agent's service together. Instead of a
 * deletion, their status is set to halted.
 */
export const keeperRegistrations: ThingSort = {
  sort: "keeper-registration",
  write(send, thing, generation) {
    const healthCheck = { interval: "24h", path: `/${generation}`, type: "http" };
    const status = isDeletion(generation) ? "HALT" : "UP";
    const registration = { serviceId: thing, host: "192.0.2.1", port: 80, healthCheck, status };
    const method = generation === 1 ? "POST" : "PUT";
    return send(method, "/api/v3/registry", { body: { apiVersion: "v3", registration } });
  },
  async read(send) {
    const { registrations } = await jsonOf<{ readonly registrations: readonly Registration[] }>(
      send,
      "/api/v3/registry/all",
    );
    // The agent's services of the other kinds are in the answer, too, and are left out.
    const own = registrations.filter(({ serviceId }) => serviceId.startsWith("keeper-registration"));
    return new Map(own.map(({ serviceId, HealthCheck }) => [serviceId, Number(HealthCheck.path.slice(1))]));
  },
};

interface Registration {
  readonly serviceId: string;
  readonly HealthCheck: { readonly path: string };
}

/** Services of the agent with two checks, all three registered in one request. */
export const agentServices: ThingSort = {
  sort: "agent-service",
  write(send, thing, generation) {
    if (isDeletion(generation)) return send("PUT", `/v1/agent/service/deregister/${thing}`);
    const checks = ["a", "b"].map((id) => ({ CheckID: `${thing}:${id}`, Notes: String(generation), TTL: "1h" }));
    const Meta = { generation: String(generation) };
    return send("PUT", "/v1/agent/service/register", { body: { ID: thing, Name: "killed", Meta, Checks: checks } });
  },
  async read(send) {
    const services = await jsonOf<Record<string, Service>>(send, "/v1/agent/services");
    const checks = await jsonOf<Record<string, Check>>(send, "/v1/agent/checks");
    return assemble(
      // The agent also has services that other kinds of this test wrote, so only those named "killed" are read.
      Object.values(services).flatMap(({ ID, Service, Meta }) =>
        Service === "killed" ? [[ID, Meta["generation"]] as const] : [],
      ),
      Object.values(checks).flatMap(({ ServiceID, ServiceName, Notes }) =>
        ServiceName === "killed" ? [[ServiceID, Notes] as const] : [],
      ),
    );
  },
};

/** The services of `agentServices`, read from the catalog. */
export const syncedServices: Pick<ThingSort, "read"> = { read: (send) => readCatalog(send, "killed") };

/** Nodes with a service and two checks, all registered in one request to the catalog. */
export const catalogNodes: ThingSort = {
  sort: "catalog-node",
  write(send, thing, generation) {
    if (isDeletion(generation)) return send("PUT", "/v1/catalog/deregister", { body: { Node: thing } });
    const checks = ["a", "b"].map((id) => ({ CheckID: id, Name: id, ServiceID: thing, Notes: String(generation) }));
    const Meta = { generation: String(generation) };
    const Service = { ID: thing, Service: "registered", Meta };
    const body = { Node: thing, Address: "192.0.2.1", NodeMeta: Meta, Service, Checks: checks };
    return send("PUT", "/v1/catalog/register", { body });
  },
  read: (send) => readCatalog(send, "registered"),
};

interface KeyEntry {
  readonly Key: string;
  readonly Value: string;
  readonly ModifyIndex: number;
  readonly Session?: string;
}

interface Service {
  readonly ID: string;
  readonly Service: string;
  readonly Meta: Readonly<Record<string, string>>;
}

interface Check {
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly Notes: string;
}

interface CatalogService {
  readonly ServiceID: string;
  readonly ServiceMeta: Readonly<Record<string, string>>;
}

function writeKey(send: Send, path: string, generation: number): Promise<Answer> {
  return isDeletion(generation) ? send("DELETE", path) : send("PUT", path, { body: String(generation) });
}

async function readKeys(send: Send, folder: string): Promise<ReadonlyMap<string, Found>> {
  const entries = await entriesIn(send, folder);
  return new Map(entries.map(({ Key, Value }) => [nameIn(folder, Key), Number(atob(Value))]));
}

async function entriesIn(send: Send, folder: string): Promise<readonly KeyEntry[]> {
  const answer = await send("GET", `${folder}?recurse`);
  return answer.status === 404 ? [] : (answer.json as readonly KeyEntry[]);
}

function nameIn(folder: string, key: string): string {
  return key.slice(folder.length - "/v1/kv/".length);
}

async function readCatalog(send: Send, name: string): Promise<ReadonlyMap<string, Found>> {
  const services = await jsonOf<readonly CatalogService[]>(send, `/v1/catalog/service/${name}`);
  const checks = await jsonOf<readonly Check[]>(send, `/v1/health/checks/${name}`);
  return assemble(
    services.map((service) => [service.ServiceID, service.ServiceMeta["generation"]]),
    checks.map((check) => [check.ServiceID, check.Notes]),
  );
}

type Part = readonly [thing: string, generation: string | undefined];

/** Returns the generation of each thing; a text for a thing that lacks its service or a check, or mixes generations. */
function assemble(services: readonly Part[], checks: readonly Part[]): ReadonlyMap<string, Found> {
  const parts = new Map<string, string[]>();
  for (const [thing, generation] of [...services, ...checks])
    parts.set(thing, [...(parts.get(thing) ?? []), generation ?? "none"]);
  const found = [...parts].map(([thing, generations]): [string, Found] => {
    const whole = generations.length === 3 && new Set(generations).size === 1;
    return [thing, whole ? Number(generations[0]) : `torn (${generations.join(", ")})`];
  });
  return new Map(found.filter(([thing]) => thing !== ""));
}

async function jsonOf<Body>(send: Send, path: string): Promise<Body> {
  const answer = await send("GET", path);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  return answer.json as Body;
}
