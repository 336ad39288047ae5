import type { Clock } from "../lib/clock.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";
import type { Log } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { PortRecord } from "../model/port-record.ts";
import type { KvOperation } from "../model/txn.ts";
import { deleteKv, kvEntry } from "../registry/kv.ts";
import type { Registry } from "../registry/registry.ts";
import { findFreePort, type PortRange } from "./allocation.ts";
import type { HostPort } from "./hosts.ts";
import { conflictSentence, type Ledger, type Owner } from "./ledger.ts";
import type { ListenerProbe } from "./listener-probe.ts";
import type { Machine } from "./machine.ts";
import { nextRecord, portRecordKey, writingRecord, type PortChange } from "./port-records.ts";
import { portKey, type StoredPort } from "./stored-port.ts";

export interface PortAssignmentsOptions {
  readonly store: Registry;
  readonly ledger: Ledger;
  readonly range: PortRange;
  readonly probe: ListenerProbe;
  readonly machine: Pick<Machine, "canListen">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Lists of operations on keys. All lists become durable together, and each list takes effect as a whole or not at all. */
export type KeyTransactions = readonly (readonly KvOperation[])[];

/** Makes `transactions` durable, in one batch with the registration if there is one. Called even with an empty list. */
type WriteDecision = (transactions: KeyTransactions) => Promise<void>;

/** A conflict: a service wants a port that has another owner. */
export interface PortConflict {
  readonly service: string;
  readonly hostPort: HostPort;
  readonly owner: Owner;
}

/** Writes port records, and assigns free ports. */
export class PortAssignments {
  readonly #options: PortAssignmentsOptions;
  readonly #queue = new KeyedQueue();

  constructor(options: PortAssignmentsOptions) {
    this.#options = options;
  }

  /**
   * Assigns another port to the service. The record and the new port in `stored`, the service's configurations, become durable
   * together; if a client has changed a port in `stored` meanwhile, only the record is written. Assignments run one after the
   * other, so no two services get the same port. Another server of a cluster can assign the same port at the same time: then the
   * assignment with the lower index counts, and the other one is repeated.
   */
  assign(
    conflict: PortConflict,
    stored: readonly StoredPort[],
    write: (transactions: KeyTransactions, record: PortRecord) => Promise<void> = this.#write,
  ): Promise<PortRecord> {
    return this.#queue.run(["ports"], async () => {
      let record = await this.#assignOnce(conflict, stored, write);
      while (this.#wasAssignedBefore(record)) {
        const present = stored.map((each) => this.#options.ledger.storedAt(each.base) ?? each);
        record = await this.#assignOnce(conflict, present, write);
      }
      return record;
    });
  }

  async #assignOnce(
    conflict: PortConflict,
    stored: readonly StoredPort[],
    write: (transactions: KeyTransactions, record: PortRecord) => Promise<void>,
  ): Promise<PortRecord> {
    const { service, hostPort } = conflict;
    let port = await findFreePort(service, hostPort, this.#options);
    // The commit of an earlier assignment, reported as failed after a timeout, may have succeeded during the search.
    while (port !== undefined && !this.#isStillFree(conflict, port))
      port = await findFreePort(service, hostPort, this.#options);
    const record = this.#next(conflict, port ?? 0);
    logRecord(this.#options.log, record);
    const isKnown = record === this.#options.ledger.record(service);
    await write(isKnown ? [] : this.#assigning(record, stored), record);
    return record;
  }

  /** Returns whether the record assigns a port that the record of another service has assigned before. */
  #wasAssignedBefore({ service, host, newPort: port }: PortRecord): boolean {
    if (port === 0) return false;
    const own = this.#indexOf(service);
    const others = this.#options.ledger.assignedAt({ host, port }, service);
    return others.some((other) => this.#indexOf(other) < own);
  }

  #indexOf(service: string): number {
    return this.#options.store.read(kvEntry(portRecordKey(service)))?.modifyIndex ?? Infinity;
  }

  /** Records a conflict. Returns the present record, and writes none, if it has the same conflict. */
  async mark(conflict: PortConflict, write: WriteDecision = this.#write): Promise<PortRecord> {
    const { service, hostPort, owner } = conflict;
    const known = this.#options.ledger.record(service);
    const isKnown =
      known?.state === "conflict" &&
      known.oldPort === hostPort.port &&
      known.host === hostPort.host &&
      known.owner === owner.name;
    if (isKnown) {
      await write([]);
      return known;
    }
    const record = this.#note(known, {
      ...{ service, host: hostPort.host, oldPort: hostPort.port, newPort: 0 },
      ...{ owner: owner.name, reason: conflictSentence(hostPort, owner), state: "conflict" },
    });
    return this.#put(record, write);
  }

  /** Records that the service insists on a port that has another owner. */
  async pin({ service, hostPort, owner }: PortConflict, write: WriteDecision = this.#write): Promise<PortRecord> {
    const known = this.#options.ledger.record(service);
    if (known?.state === "pinned" && known.oldPort === hostPort.port) {
      await write([]);
      return known;
    }
    const isAssigned = known?.oldPort === hostPort.port;
    const record = this.#note(known, {
      ...{ service, host: hostPort.host, oldPort: hostPort.port, newPort: isAssigned ? known.newPort : 0 },
      ...{ owner: owner.name, reason: `${conflictSentence(hostPort, owner)} ${insists}`, state: "pinned" },
    });
    return this.#put(record, write);
  }

  /** Changes the state of the service's record. Writes no record if the service has none or its record has this state. */
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

  /** Deletes the service's record. */
  async forget(service: string): Promise<void> {
    await deleteKv(this.#options.store, portRecordKey(service), undefined);
  }

  async #put(record: PortRecord, write: WriteDecision): Promise<PortRecord> {
    logRecord(this.#options.log, record);
    await write([[writingRecord(record)]]);
    return record;
  }

  #isStillFree({ service, hostPort: { host } }: PortConflict, port: number): boolean {
    return this.#options.ledger.isFree({ host, port }, service, { includeReleased: true });
  }

  #next({ service, hostPort, owner }: PortConflict, newPort: number): PortRecord {
    const { ledger, range } = this.#options;
    const known = ledger.record(service);
    if (newPort === 0 && known?.state === "exhausted" && known.oldPort === hostPort.port) return known;
    const none = `No port of ${range.first}-${range.last} is free.`;
    const sentence = conflictSentence(hostPort, owner);
    return this.#note(known, {
      ...{ service, host: hostPort.host, oldPort: hostPort.port, newPort, owner: owner.name },
      reason: newPort === 0 ? `${sentence} ${none}` : sentence,
      state: newPort === 0 ? "exhausted" : "pending",
    });
  }

  #note(known: PortRecord | undefined, change: PortChange): PortRecord {
    return nextRecord(known, change, this.#options);
  }

  /** Returns the writes of an assignment. If a client has just stored another port, only the record is written. */
  #assigning(record: PortRecord, stored: readonly StoredPort[]): KeyTransactions {
    if (record.newPort === 0 || stored.length === 0) return [[writingRecord(record)]];
    const steps = stored.map((each) => storing(record.newPort, each, this.#options.store));
    return [steps, [writingRecord(record)]];
  }

  readonly #write = async (transactions: KeyTransactions): Promise<void> => {
    if (transactions.length === 0) return;
    const origin = "port-assignment";
    await this.#options.store.submitTogether(transactions.map((operations) => ({ type: "txn", operations, origin })));
  };
}

const insists = "The service ignores the port stored for it: its command line or environment names this one.";

function storing(port: number, { base, modifyIndex }: StoredPort, store: Registry): KvOperation {
  const key = portKey(base);
  const flags = store.read(kvEntry(key))?.flags ?? 0n;
  const value = new TextEncoder().encode(String(port));
  return { kind: "kv", verb: "cas", key, value, flags, index: modifyIndex, session: "" };
}

function logRecord(log: Log, { service, state, oldPort, newPort, reason }: PortRecord): void {
  const fields = { service, from: oldPort, to: newPort === 0 ? undefined : newPort, reason };
  switch (state) {
    case "pending":
      return log.warn("Service is assigned another port", fields);
    case "exhausted":
      return log.error("No port is free for the service; widen edgex.ports.range", fields);
    case "conflict":
      return log.warn("Service wants a port that has another owner", fields);
    case "pinned":
      return log.warn("Service insists on its port", fields);
    case "active":
    case "released":
      return log.info(state === "active" ? "Service is on its new port" : "Port conflict is over", fields);
  }
}
