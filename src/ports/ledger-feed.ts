import type { Agent } from "../agent/agent.ts";
import { portRecordFolder, type PortRecord } from "../model/port-record.ts";
import { kvEntry, kvTree } from "../registry/kv.ts";
import type { Store } from "../registry/store.ts";
import { keyOfTopic, topics, type Topic } from "../state/topics.ts";
import { decodePortRecord } from "../wire/port-record.ts";
import type { Ledger } from "./ledger.ts";
import { baseOfKey, readStoredPort, storedFolder } from "./stored-port.ts";

/** Who is told, once the ledger has it. */
export interface LedgerListener {
  /** A record was written, or deleted. */
  onRecord(service: string, before: PortRecord | undefined): void;
  /** The port or the host that is stored for a service was written, or deleted. */
  onStored(base: string): void;
  /** A service came, was replaced, or went. */
  onService(id: string): void;
}

/** Fills the ledger with what there is, and keeps it up from now on. */
export class LedgerFeed {
  readonly #ledger: Ledger;
  readonly #store: Store;
  readonly #agent: Agent;
  readonly #listener: LedgerListener;

  constructor(
    ledger: Ledger,
    options: { readonly store: Store; readonly agent: Agent; readonly listener: LedgerListener },
  ) {
    this.#ledger = ledger;
    this.#store = options.store;
    this.#agent = options.agent;
    this.#listener = options.listener;
    for (const id of this.#agent.services.keys()) this.takeUpService(id);
    this.#takeUpKeys();
    this.#agent.watchServices((id) => {
      this.takeUpService(id);
      this.#listener.onService(id);
    });
    this.#store.onCommit((touched) => this.#follow(touched));
  }

  /** As the agent has it. */
  takeUpService(id: string): void {
    const service = this.#agent.services.get(id)?.service;
    this.#ledger.setRegistered(id, service && { host: service.address, port: service.port });
  }

  /** Every commit passes here: what has nothing to do with ports must cost next to nothing. */
  #follow(touched: ReadonlySet<Topic>): void {
    if (touched.has(topics.everything)) return this.#takeUpKeys();
    for (const topic of touched) {
      const key = keyOfTopic(topic);
      if (key !== undefined && key.startsWith(storedFolder)) this.#followKey(key);
    }
  }

  #followKey(key: string): void {
    if (key.startsWith(portRecordFolder)) {
      const service = key.slice(portRecordFolder.length);
      const before = this.#ledger.record(service);
      this.#takeUpRecord(service);
      this.#listener.onRecord(service, before);
    }
    const base = baseOfKey(key);
    if (base === undefined) return;
    this.#takeUpStored(base);
    this.#listener.onStored(base);
  }

  #takeUpKeys(): void {
    this.#ledger.clearStored();
    for (const { key } of kvTree(storedFolder).read(this.#store.state)) {
      const base = baseOfKey(key);
      if (key.startsWith(portRecordFolder)) this.#takeUpRecord(key.slice(portRecordFolder.length));
      else if (base !== undefined) this.#takeUpStored(base);
    }
  }

  #takeUpRecord(service: string): void {
    const entry = kvEntry(portRecordFolder + service).read(this.#store.state);
    this.#ledger.setRecord(service, entry && decodePortRecord(entry.value));
  }

  #takeUpStored(base: string): void {
    const { state } = this.#store;
    this.#ledger.setStored(
      base,
      readStoredPort(base, (key) => kvEntry(key).read(state)),
    );
  }
}
