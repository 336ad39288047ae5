import type { Clock } from "../lib/clock.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";
import type { Log } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { PortRecord } from "../model/port-record.ts";
import type { KvOperation } from "../model/txn.ts";
import { deleteKv, kvEntry } from "../registry/kv.ts";
import type { Store } from "../registry/store.ts";
import { findFreePort, type PortRange } from "./allocation.ts";
import { conflictSentence } from "./conflict-sentence.ts";
import type { Place } from "./hosts.ts";
import type { Ledger, Owner } from "./ledger.ts";
import type { ListenerProbe } from "./listener-probe.ts";
import type { Machine } from "./machine.ts";
import { nextRecord, portRecordKey, writingRecord, type PortChange } from "./port-records.ts";
import { portKey, type StoredPort } from "./stored-port.ts";

export interface PortAssignmentsOptions {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly range: PortRange;
  readonly probe: ListenerProbe;
  readonly machine: Pick<Machine, "canListen">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Operations on keys that become durable together. Each list takes effect whole or not at all. */
export type KeyTransactions = readonly (readonly KvOperation[])[];

/** Makes a decision durable, in the batch of the registration that it is about. Called also when there is nothing to write. */
type WriteDecision = (transactions: KeyTransactions) => Promise<void>;

/** A service wants a port that is another's. */
export interface PortConflict {
  readonly service: string;
  readonly place: Place;
  readonly owner: Owner;
}

/** Writes what becomes of conflicts: a record, and where there is one to give, another port. */
export class PortAssignments {
  readonly #options: PortAssignmentsOptions;
  readonly #turns = new KeyedQueue();

  constructor(options: PortAssignmentsOptions) {
    this.#options = options;
  }

  /**
   * Gives the service another port: the record and `stored`, its configuration's port, become durable together. A stored
   * port that a client has changed meanwhile stays as the client wrote it. One after the other, so that no two services
   * get the same port.
   */
  assign(
    conflict: PortConflict,
    stored: readonly StoredPort[],
    write: (transactions: KeyTransactions, record: PortRecord) => Promise<void> = this.#write,
  ): Promise<PortRecord> {
    return this.#turns.run(["ports"], async () => {
      const { service, place } = conflict;
      let port = await findFreePort(service, place, this.#options);
      // Meanwhile the disk may have confirmed one that was given before, and was taken for lost.
      while (port !== undefined && !this.#isStillFree(conflict, port))
        port = await findFreePort(service, place, this.#options);
      const record = this.#next(conflict, port ?? 0);
      tell(this.#options.log, record);
      const isKnown = record === this.#options.ledger.record(service);
      await write(isKnown ? [] : this.#assigning(record, stored), record);
      return record;
    });
  }

  /** Notes that there is a conflict. */
  async mark(conflict: PortConflict, write: WriteDecision = this.#write): Promise<PortRecord> {
    const { service, place, owner } = conflict;
    const known = this.#options.ledger.record(service);
    const isKnown =
      known?.state === "conflict" &&
      known.oldPort === place.port &&
      known.host === place.host &&
      known.owner === owner.name;
    if (isKnown) {
      await write([]);
      return known;
    }
    const record = this.#note(known, {
      ...{ service, host: place.host, oldPort: place.port, newPort: 0 },
      ...{ owner: owner.name, reason: conflictSentence(place, owner), state: "conflict" },
    });
    return this.#put(record, write);
  }

  /** Notes that the service insists on a port that is another's. */
  async pin({ service, place, owner }: PortConflict, write: WriteDecision = this.#write): Promise<PortRecord> {
    const known = this.#options.ledger.record(service);
    if (known?.state === "pinned" && known.oldPort === place.port) {
      await write([]);
      return known;
    }
    const isGiven = known?.oldPort === place.port;
    const record = this.#note(known, {
      ...{ service, host: place.host, oldPort: place.port, newPort: isGiven ? known.newPort : 0 },
      ...{ owner: owner.name, reason: `${conflictSentence(place, owner)} ${insists}`, state: "pinned" },
    });
    return this.#put(record, write);
  }

  /** Ends what was noted, in this way. */
  async settle(
    service: string,
    state: "active" | "pinned" | "released",
    write: WriteDecision = this.#write,
  ): Promise<void> {
    const known = this.#options.ledger.record(service);
    if (known === undefined || known.state === state) return write([]);
    const record = this.#note(known, {
      ...known,
      state,
      reason: state === "pinned" ? `${known.reason} ${insists}` : known.reason,
    });
    await this.#put(record, write);
  }

  /** Nothing is noted of the service any more. */
  async forget(service: string): Promise<void> {
    await deleteKv(this.#options.store, portRecordKey(service), undefined);
  }

  async #put(record: PortRecord, write: WriteDecision): Promise<PortRecord> {
    tell(this.#options.log, record);
    await write([[writingRecord(record)]]);
    return record;
  }

  #isStillFree({ service, place: { host } }: PortConflict, port: number): boolean {
    return this.#options.ledger.isFree({ host, port }, service, { alsoKept: true });
  }

  #next({ service, place, owner }: PortConflict, newPort: number): PortRecord {
    const { ledger, range } = this.#options;
    const known = ledger.record(service);
    if (newPort === 0 && known?.state === "exhausted" && known.oldPort === place.port) return known;
    const none = `No port of ${range.first}-${range.last} is free.`;
    const sentence = conflictSentence(place, owner);
    return this.#note(known, {
      ...{ service, host: place.host, oldPort: place.port, newPort, owner: owner.name },
      reason: newPort === 0 ? `${sentence} ${none}` : sentence,
      state: newPort === 0 ? "exhausted" : "pending",
    });
  }

  #note(known: PortRecord | undefined, change: PortChange): PortRecord {
    return nextRecord(known, change, this.#options);
  }

  /** The record is written also when a client has stored another port in this moment: that port counts. */
  #assigning(record: PortRecord, stored: readonly StoredPort[]): KeyTransactions {
    if (record.newPort === 0 || stored.length === 0) return [[writingRecord(record)]];
    const steps = stored.map((each) => storing(record.newPort, each, this.#options.store));
    return [steps, [writingRecord(record)]];
  }

  readonly #write = async (transactions: KeyTransactions): Promise<void> => {
    if (transactions.length === 0) return;
    await this.#options.store.submitTogether(transactions.map((operations) => ({ type: "txn", operations })));
  };
}

const insists =
  "The service reads that another port is stored for it and does not take it: its command line or environment names this one.";

function storing(port: number, { base, modifyIndex }: StoredPort, store: Store): KvOperation {
  const key = portKey(base);
  const flags = kvEntry(key).read(store.state)?.flags ?? 0n;
  const value = new TextEncoder().encode(String(port));
  return { kind: "kv", verb: "cas", key, value, flags, index: modifyIndex, session: "" };
}

function tell(log: Log, { service, state, oldPort, newPort, reason }: PortRecord): void {
  const fields = { service, from: oldPort, to: newPort === 0 ? undefined : newPort, reason };
  switch (state) {
    case "pending":
      return log.warn("Service is given another port", fields);
    case "exhausted":
      return log.error("Service cannot be given another port; widen edgex.ports.range", fields);
    case "conflict":
      return log.warn("Service wants a port that is another's", fields);
    case "pinned":
      return log.warn("Service insists on its port", fields);
    case "active":
    case "released":
      return log.info(state === "active" ? "Service is on its new port" : "Port conflict is over", fields);
  }
}
