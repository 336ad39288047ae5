import { apply, type Applied } from "../../src/state/apply.ts";
import type { Command } from "../../src/state/command.ts";
import type { KeptRate } from "../../src/state/kept-rate.ts";
import { emptyState, type State } from "../../src/state/state.ts";
import type { HistoryPolicy } from "../../src/model/kv-history.ts";
import type { Check } from "../../src/model/check.ts";
import type { Node } from "../../src/model/node.ts";
import type { ValueOrigin } from "../../src/model/value-origin.ts";
import type { PreparedQuery, ServiceQuery } from "../../src/model/prepared-query.ts";
import type { Service } from "../../src/model/service.ts";
import type { Session } from "../../src/model/session.ts";

/** Applies one command at a time to a state, and keeps the rows that an engine would have. */
export class StateDriver {
  state: State = emptyState;
  readonly rows: Map<string, { table: string; key: string; value: Uint8Array }> = new Map();

  readonly #history: HistoryPolicy | undefined;
  readonly #rate: KeptRate | undefined;

  /** @param history what is kept of the keys' past; absent: nothing. @param rate notices a storm of kept changes, if it is given */
  constructor(history?: HistoryPolicy, rate?: KeptRate) {
    this.#history = history;
    this.#rate = rate;
  }

  /** @param nowMs the state's time, which is the wall time, too */
  run(command: Command, nowMs = 0): Applied {
    const keeping = this.#history && { policy: this.#history, wallMs: nowMs, rate: this.#rate };
    const applied = apply(this.state, command, { index: this.state.index + 1, nowMs, keeping });
    for (const { table, key, value } of applied.changes) {
      if (value) this.rows.set(`${table}/${key}`, { table, key, value });
      else this.rows.delete(`${table}/${key}`);
    }
    this.state = applied.state;
    return applied;
  }
}

export function nodeNamed(name: string, changes: Partial<Node> = {}): Node {
  return { id: "", name, address: "10.0.0.1", datacenter: "dc1", taggedAddresses: null, meta: null, ...changes };
}

export function serviceNamed(name: string, changes: Partial<Service> = {}): Service {
  return {
    id: name,
    name,
    kind: "",
    tags: [],
    address: "",
    taggedAddresses: null,
    port: 80,
    meta: null,
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    ...changes,
  };
}

/** Returns the fields that make a service the proxy of the named service; an empty object if the name is null. */
export function proxyFor(destinationServiceName: string | null): Partial<Service> {
  if (destinationServiceName === null) return {};
  const local = { destinationServiceId: "", localServiceAddress: "", localServicePort: 0, config: null };
  const others = { upstreams: [], meshGatewayMode: "", exposeChecks: false, exposePaths: [] };
  return { kind: "connect-proxy", proxy: { destinationServiceName, ...local, ...others } };
}

/** Returns a session without checks and without a lock delay. */
export function sessionNamed(id: string, changes: Partial<Session> = {}): Session {
  return {
    id,
    name: "",
    node: "n1",
    lockDelayMs: 0,
    behavior: "release",
    ttl: "",
    nodeChecks: [],
    serviceChecks: null,
    checks: [],
    ...changes,
  };
}

/** Returns a prepared query for the service "web", without conditions. */
export function queryWithId(
  id: string,
  changes: Partial<Omit<PreparedQuery, "service">> = {},
  service: Partial<ServiceQuery> = {},
): PreparedQuery {
  return {
    id,
    name: "",
    session: "",
    token: "",
    template: { type: "", regexp: "", removeEmptyTags: false },
    dnsTtl: "",
    ...changes,
    service: {
      service: "web",
      failover: { nearestN: 0, datacenters: null },
      onlyPassing: false,
      ignoreCheckIds: null,
      near: "",
      tags: null,
      nodeMeta: null,
      serviceMeta: null,
      connect: false,
      ...service,
    },
  };
}

export const nameTemplate: PreparedQuery["template"] = {
  type: "name_prefix_match",
  regexp: "",
  removeEmptyTags: false,
};

export function keyLock(key: string, session: string): Command {
  return { type: "kv-lock", key, value: new TextEncoder().encode(session), flags: 0n, session };
}

export function checkNamed(id: string, changes: Partial<Check> = {}): Check {
  return {
    node: "",
    id,
    name: id,
    status: "critical",
    notes: "",
    output: "",
    serviceId: "",
    serviceName: "",
    serviceTags: [],
    type: "",
    definition: {},
    ...changes,
  };
}

export function keySet(
  key: string,
  value: string,
  changes: { cas?: number; flags?: bigint; origin?: ValueOrigin } = {},
): Command {
  return { type: "kv-set", key, value: new TextEncoder().encode(value), flags: 0n, ...changes };
}
