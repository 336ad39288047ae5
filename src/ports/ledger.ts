import type { PortRecord } from "../model/port-record.ts";
import type { Hosts, HostPort } from "./hosts.ts";
import { HostPortIndex } from "./host-port-index.ts";
import type { StoredPort } from "./stored-port.ts";

/** The owner of a port. */
export interface Owner {
  /** The owner's name in a port record: a service id, "praetor", "a reservation" or "another program". */
  readonly name: string;
  /** The end of the sentence "Port 48080 of localhost ...", such as "belongs to edgex-core-data". */
  readonly predicate: string;
}

/** The owner of a port in use at which no service is registered. */
export const anotherProgram: Owner = {
  name: "another program",
  predicate: "is in use by another program",
};

/** Returns a sentence such as "Port 48080 of localhost belongs to edgex-core-data." */
export function conflictSentence({ host, port }: HostPort, owner: Owner): string {
  return `Port ${port} of ${host === "" ? "this machine" : host} ${owner.predicate}.`;
}

export interface Reservation {
  /** The host whose port is reserved; undefined if the port is reserved on every host. */
  readonly host: string | undefined;
  readonly port: number;
}

export interface LedgerOptions {
  readonly hosts: Hosts;
  readonly reserved: readonly Reservation[];
  /** The ports of this agent's own listeners. */
  readonly ownPorts: readonly number[];
}

/**
 * The owners of ports, by host and port: services registered with this agent, assigned ports, stored ports, reservations. It
 * is updated as these change, so finding an owner takes a few look-ups, however many services there are.
 *
 * A service does not own the port it is registered at if its record says that the port has another owner. A stored port of a
 * service that is not registered has no owner, since EdgeX's files store the same port for many services; but it is never
 * assigned to another service.
 */
export class Ledger {
  readonly hosts: Hosts;
  readonly #options: LedgerOptions;
  /** The ports at which services are registered, by service id. */
  readonly #registered = new HostPortIndex();
  readonly #records = new Map<string, PortRecord>();
  readonly #assigned = new HostPortIndex();
  /** The stored ports, by the path of the configuration. */
  readonly #stored = new Map<string, StoredPort>();
  readonly #storedKeys = new HostPortIndex();
  /** The paths of each service's configurations. */
  readonly #bases = new Map<string, Set<string>>();

  constructor(options: LedgerOptions) {
    this.hosts = options.hosts;
    this.#options = options;
  }

  setRegistered(id: string, hostPort: HostPort | undefined): void {
    this.#registered.set(id, hostPort && hostPort.port > 0 ? this.hosts.key(hostPort) : undefined);
  }

  isRegistered(id: string): boolean {
    return this.#registered.keyOf(id) !== undefined;
  }

  isRegisteredAt(id: string, hostPort: HostPort): boolean {
    return this.#registered.keyOf(id) === this.hosts.key(hostPort);
  }

  setRecord(service: string, record: PortRecord | undefined): void {
    if (record) this.#records.set(service, record);
    else this.#records.delete(service);
    const isAssigned = record !== undefined && record.newPort > 0;
    this.#assigned.set(service, isAssigned ? this.hosts.key({ host: record.host, port: record.newPort }) : undefined);
  }

  record(service: string): PortRecord | undefined {
    return this.#records.get(service);
  }

  get records(): Iterable<PortRecord> {
    return this.#records.values();
  }

  setStored(base: string, stored: StoredPort | undefined): void {
    const service = this.#stored.get(base)?.service ?? stored?.service;
    if (service === undefined) return;
    const bases = this.#bases.get(service) ?? new Set();
    if (stored) this.#stored.set(base, stored);
    else this.#stored.delete(base);
    if (stored) bases.add(base);
    else bases.delete(base);
    if (bases.size > 0) this.#bases.set(service, bases);
    else this.#bases.delete(service);
    this.#storedKeys.set(base, stored && this.hosts.key(stored));
  }

  storedAt(base: string): StoredPort | undefined {
    return this.#stored.get(base);
  }

  storedOf(service: string): readonly StoredPort[] {
    return [...(this.#bases.get(service) ?? [])].flatMap((base) => this.#stored.get(base) ?? []);
  }

  /** Removes all port records and stored ports, because a snapshot replaced the keys that hold them. */
  clearStored(): void {
    this.#records.clear();
    this.#assigned.clear();
    this.#stored.clear();
    this.#storedKeys.clear();
    this.#bases.clear();
  }

  /**
   * Returns whether more than `mistakenMax` services are registered at the port. They then share it on purpose, behind a proxy.
   */
  isShared(hostPort: HostPort): boolean {
    return this.#registered.countAt(this.hosts.key(hostPort)) > mistakenMax;
  }

  /** Returns the owner of a port that this service wants; undefined if the port has no owner or the service owns it. */
  ownerOf(hostPort: HostPort, service: string): Owner | undefined {
    const key = this.hosts.key(hostPort);
    return (
      this.#registeredOwner(key, service) ??
      this.#assignedOwner(key, service) ??
      this.#storedOwner(key, service) ??
      this.#fixedOwner(hostPort)
    );
  }

  /**
   * Returns whether this port may be assigned to the service: it has no owner and is not stored for another service. A port
   * that is assigned to a deregistered service counts as free only with `includeReleased`.
   */
  isFree(hostPort: HostPort, service: string, { includeReleased }: { readonly includeReleased: boolean }): boolean {
    const key = this.hosts.key(hostPort);
    if (!othersAt(this.#registered, key, service).next().done || this.#fixedOwner(hostPort)) return false;
    if (this.#isStored(key, service, includeReleased)) return false;
    if (includeReleased) return this.#assignedOwner(key, service) === undefined;
    return othersAt(this.#assigned, key, service).next().done === true;
  }

  /**
   * Returns whether the port is stored for another service. With `includeReleased`, ignores a deregistered service that was
   * assigned this port.
   */
  #isStored(key: string, service: string, includeReleased: boolean): boolean {
    for (const base of this.#storedKeys.at(key)) {
      const other = this.#stored.get(base)?.service ?? service;
      const isGone = this.#records.get(other)?.state === "released" && this.#assigned.keyOf(other) === key;
      if (other !== service && !(includeReleased && isGone)) return true;
    }
    return false;
  }

  /** Returns the other services to which this port is assigned, those that were deregistered left out. */
  assignedAt(hostPort: HostPort, service: string): readonly string[] {
    const found = [...othersAt(this.#assigned, this.hosts.key(hostPort), service)];
    return found.filter((id) => this.#records.get(id)?.state !== "released");
  }

  /** Returns whether the service's record says that this port has another owner. */
  isDisputed(service: string, key: string): boolean {
    const record = this.#records.get(service);
    if (record === undefined || record.state === "active" || record.state === "released") return false;
    return this.hosts.key({ host: record.host, port: record.oldPort }) === key;
  }

  #registeredOwner(key: string, service: string): Owner | undefined {
    for (const id of othersAt(this.#registered, key, service))
      if (!this.isDisputed(id, key)) return { name: id, predicate: `belongs to ${id}` };
    return undefined;
  }

  #assignedOwner(key: string, service: string): Owner | undefined {
    for (const id of othersAt(this.#assigned, key, service))
      if (this.#records.get(id)?.state !== "released") return { name: id, predicate: `is assigned to ${id}` };
    return undefined;
  }

  /** Returns the registered service for which this port is stored, since that service listens there after its next start. */
  #storedOwner(key: string, service: string): Owner | undefined {
    for (const base of this.#storedKeys.at(key)) {
      const owner = this.#stored.get(base)?.service ?? service;
      if (owner === service || !this.isRegistered(owner) || this.isDisputed(owner, key)) continue;
      if (this.#records.get(owner)?.state === "pinned") continue;
      return { name: owner, predicate: `is stored for ${owner}` };
    }
    return undefined;
  }

  #fixedOwner(hostPort: HostPort): Owner | undefined {
    const { ownPorts, reserved } = this.#options;
    if (ownPorts.includes(hostPort.port) && this.hosts.isOwn(hostPort.host))
      return { name: "praetor", predicate: "is this agent's own" };
    const isReserved = reserved.some(
      ({ host, port }) => port === hostPort.port && (host === undefined || this.hosts.isSame({ host, port }, hostPort)),
    );
    return isReserved ? { name: "a reservation", predicate: "is reserved by the configuration" } : undefined;
  }
}

/** Maximum number of services at one port that count as a conflict; more services share the port on purpose. */
const mistakenMax = 8;

function* othersAt(index: HostPortIndex, key: string, service: string): Generator<string, void> {
  for (const id of index.at(key)) if (id !== service) yield id;
}
