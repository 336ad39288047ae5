import type { Log } from "../lib/log.ts";
import type { CatalogCommit, CommitAnswer } from "./catalog-calls.ts";

/** A service or a check of this agent that the catalog lacks, because a token may not register it. */
export interface RefusedThing {
  readonly kind: "service" | "check";
  readonly id: string;
  /** The accessor id of the token; "" if it does not exist. */
  readonly accessorId: string;
}

/** The registrations of a client agent that the servers refuse, until they accept them or the agent no longer makes them. */
export class RefusedWrites {
  readonly #log: Log;
  readonly #things = new Map<string, RefusedThing>();

  constructor(log: Log) {
    this.#log = log;
  }

  get all(): readonly RefusedThing[] {
    return [...this.#things.values()];
  }

  /** Takes the servers' answer to a change. Logs each refusal that is new, as Consul words it. */
  note({ registrations = [], deregistrations = [] }: CatalogCommit, refused: CommitAnswer): void {
    const before = new Map(this.#things);
    for (const { service, checks } of registrations) {
      if (service) this.#things.delete(`service/${service.id}`);
      for (const { id } of checks) this.#things.delete(`check/${id}`);
    }
    for (const { serviceId, checkId } of deregistrations)
      this.#things.delete(serviceId === undefined ? `check/${checkId}` : `service/${serviceId}`);
    for (const { serviceIds, checkIds, accessorId } of refused ?? []) {
      for (const id of serviceIds) this.#add({ kind: "service", id, accessorId }, before);
      for (const id of checkIds) this.#add({ kind: "check", id, accessorId }, before);
    }
  }

  #add(thing: RefusedThing, before: ReadonlyMap<string, RefusedThing>): void {
    const { kind, id, accessorId } = thing;
    const key = `${kind}/${id}`;
    this.#things.set(key, thing);
    if (before.get(key)?.accessorId === accessorId) return;
    const text = kind === "service" ? "Service registration blocked by ACLs" : "Check registration blocked by ACLs";
    this.#log.warn(text, { [kind]: id, accessorID: accessorId });
  }
}
