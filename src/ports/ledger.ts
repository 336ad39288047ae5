import type { PortRecord } from "../model/port-record.ts";
import type { Hosts, Place } from "./hosts.ts";
import { PlaceIndex } from "./place-index.ts";
import type { StoredPort } from "./stored-port.ts";

/** Who has a port. */
export interface Owner {
  /** For the record: the id of a service, or what else it is. */
  readonly name: string;
  /** The rest of a sentence that begins "Port 48080 of localhost": "belongs to edgex-core-data". */
  readonly has: string;
}

/** Who listens where nobody is registered. */
export const anotherProgram: Owner = { name: "another program", has: "is another program's, which listens there" };

export interface Reservation {
  /** undefined: on every host. */
  readonly host: string | undefined;
  readonly port: number;
}

export interface LedgerOptions {
  readonly hosts: Hosts;
  readonly reserved: readonly Reservation[];
  /** What this agent itself listens on. */
  readonly ownPorts: readonly number[];
}

/**
 * Who has which port of which host: the services registered here, the ports that were given, what is reserved. It is kept
 * up as these change, so that a question costs a few look-ups however many services there are.
 *
 * A service that is registered where it is known not to be at home (its record says so) has nothing there. A port that
 * is only stored, for a service that does not run, is nobody's: EdgeX's files give many services the same one. It is
 * merely not given to others.
 */
export class Ledger {
  readonly hosts: Hosts;
  readonly #options: LedgerOptions;
  /** By service id. */
  readonly #registered = new PlaceIndex();
  readonly #records = new Map<string, PortRecord>();
  readonly #given = new PlaceIndex();
  /** By path of the configuration. */
  readonly #stored = new Map<string, StoredPort>();
  readonly #storedPlaces = new PlaceIndex();
  /** The paths of each service's configurations. */
  readonly #bases = new Map<string, Set<string>>();

  constructor(options: LedgerOptions) {
    this.hosts = options.hosts;
    this.#options = options;
  }

  setRegistered(id: string, place: Place | undefined): void {
    this.#registered.set(id, place && place.port > 0 ? this.hosts.key(place) : undefined);
  }

  isRegistered(id: string): boolean {
    return this.#registered.placeOf(id) !== undefined;
  }

  isRegisteredAt(id: string, place: Place): boolean {
    return this.#registered.placeOf(id) === this.hosts.key(place);
  }

  setRecord(service: string, record: PortRecord | undefined): void {
    if (record) this.#records.set(service, record);
    else this.#records.delete(service);
    const isGiven = record !== undefined && record.newPort > 0;
    this.#given.set(service, isGiven ? this.hosts.key({ host: record.host, port: record.newPort }) : undefined);
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
    this.#storedPlaces.set(base, stored && this.hosts.key(stored));
  }

  storedAt(base: string): StoredPort | undefined {
    return this.#stored.get(base);
  }

  storedOf(service: string): readonly StoredPort[] {
    return [...(this.#bases.get(service) ?? [])].flatMap((base) => this.#stored.get(base) ?? []);
  }

  /** Forgets all that is stored: it is another state now. */
  clearStored(): void {
    this.#records.clear();
    this.#given.clear();
    this.#stored.clear();
    this.#storedPlaces.clear();
    this.#bases.clear();
  }

  /** Whether so many services are registered there that somebody wants it so: a proxy before all of them. */
  isShared(place: Place): boolean {
    return this.#registered.countAt(this.hosts.key(place)) > sharedMin;
  }

  /** Who else has the port that this service wants; undefined when nobody has. */
  ownerOf(place: Place, service: string): Owner | undefined {
    const key = this.hosts.key(place);
    return (
      this.#registeredOwner(key, service) ??
      this.#givenOwner(key, service) ??
      this.#storedOwner(key, service) ??
      this.#fixedOwner(place)
    );
  }

  /** Whether a service may be given this port: nobody has it or, unless `alsoKept`, had it, or is going to want it. */
  isFree(place: Place, service: string, { alsoKept }: { readonly alsoKept: boolean }): boolean {
    const key = this.hosts.key(place);
    if (!othersAt(this.#registered, key, service).next().done || this.#fixedOwner(place)) return false;
    if (alsoKept) return this.#givenOwner(key, service) === undefined && !this.#isStored(key, service, alsoKept);
    return othersAt(this.#given, key, service).next().done === true && !this.#isStored(key, service, alsoKept);
  }

  /** Whether it is stored for another service; with `alsoKept` such as were given it, and are gone, do not count. */
  #isStored(key: string, service: string, alsoKept: boolean): boolean {
    for (const base of this.#storedPlaces.at(key)) {
      const other = this.#stored.get(base)?.service ?? service;
      const isGone = this.#records.get(other)?.state === "released" && this.#given.placeOf(other) === key;
      if (other !== service && !(alsoKept && isGone)) return true;
    }
    return false;
  }

  /** Whether the service was told, or noted, to have no right to this port. */
  isDisputed(service: string, key: string): boolean {
    const record = this.#records.get(service);
    if (record === undefined || record.state === "active" || record.state === "released") return false;
    return this.hosts.key({ host: record.host, port: record.oldPort }) === key;
  }

  #registeredOwner(key: string, service: string): Owner | undefined {
    for (const id of othersAt(this.#registered, key, service))
      if (!this.isDisputed(id, key)) return { name: id, has: `belongs to ${id}` };
    return undefined;
  }

  #givenOwner(key: string, service: string): Owner | undefined {
    for (const id of othersAt(this.#given, key, service))
      if (this.#records.get(id)?.state !== "released") return { name: id, has: `was given to ${id}` };
    return undefined;
  }

  /** What is stored for a service that runs: it listens there when it is started again. */
  #storedOwner(key: string, service: string): Owner | undefined {
    for (const base of this.#storedPlaces.at(key)) {
      const owner = this.#stored.get(base)?.service ?? service;
      if (owner === service || !this.isRegistered(owner) || this.isDisputed(owner, key)) continue;
      if (this.#records.get(owner)?.state === "pinned") continue;
      return { name: owner, has: `is stored for ${owner}` };
    }
    return undefined;
  }

  #fixedOwner(place: Place): Owner | undefined {
    const { ownPorts, reserved } = this.#options;
    if (ownPorts.includes(place.port) && this.hosts.isOwn(place.host))
      return { name: "praetor", has: "is this agent's own" };
    const isReserved = reserved.some(
      ({ host, port }) => port === place.port && (host === undefined || this.hosts.isSame({ host, port }, place)),
    );
    return isReserved ? { name: "a reservation", has: "is reserved by the configuration" } : undefined;
  }
}

/** No accident brings more services than this to one port. */
const sharedMin = 8;

function* othersAt(index: PlaceIndex, key: string, service: string): Generator<string, void> {
  for (const id of index.at(key)) if (id !== service) yield id;
}
