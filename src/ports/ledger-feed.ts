import type { Agent } from "../agent/agent.ts";
import { portRecordFolder, type PortRecord } from "../model/port-record.ts";
import { kvEntry, kvTree } from "../registry/kv.ts";
import type { Registry } from "../registry/registry.ts";
import { keyOfTopic, topics, type Topic } from "../state/topics.ts";
import { decodePortRecord } from "../wire/port-record.ts";
import type { Ledger } from "./ledger.ts";
import { baseOfKey, readStoredPort, storedFolder } from "./stored-port.ts";

/** Callbacks that run after the ledger has been updated. */
export interface LedgerListener {
  /** Called when a port record was written or deleted. */
  onRecord(service: string, before: PortRecord | undefined): void;
  /** Called when the stored port or host of a service was written or deleted. */
  onStored(base: string): void;
  /** Called when a service was registered, replaced or deregistered. */
  onService(id: string): void;
}

/** Fills the ledger from the agent's services and the stored keys, and updates it after each change. */
export class LedgerFeed {
  readonly #ledger: Ledger;
  readonly #store: Registry;
  readonly #agent: Agent;
  readonly #listener: LedgerListener;

  constructor(
    ledger: Ledger,
    options: { readonly store: Registry; readonly agent: Agent; readonly listener: LedgerListener },
  ) {
    this.#ledger = ledger;
    this.#store = options.store;
    this.#agent = options.agent;
    this.#listener = options.listener;
    for (const id of this.#agent.services.keys()) this.updateService(id);
    this.#updateKeys();
    this.#agent.watchServices((id) => {
      this.updateService(id);
      this.#listener.onService(id);
    });
    options.store.follow((touched) => this.#follow(touched));
  }

  /** Copies the service's address from the agent's local state into the ledger. */
  updateService(id: string): void {
    const service = this.#agent.services.get(id)?.service;
    this.#ledger.setRegistered(id, service && { host: service.address, port: service.port });
  }

  /** Updates the ledger. Runs after every commit, so it must skip keys outside `storedFolder` cheaply. */
  #follow(touched: ReadonlySet<Topic>): void {
    if (touched.has(topics.everything)) return this.#updateKeys();
    for (const topic of touched) {
      const key = keyOfTopic(topic);
      if (key !== undefined && key.startsWith(storedFolder)) this.#followKey(key);
    }
  }

  #followKey(key: string): void {
    if (key.startsWith(portRecordFolder)) {
      const service = key.slice(portRecordFolder.length);
      const before = this.#ledger.record(service);
      this.#updateRecord(service);
      this.#listener.onRecord(service, before);
    }
    const base = baseOfKey(key);
    if (base === undefined) return;
    this.#updateStored(base);
    this.#listener.onStored(base);
  }

  #updateKeys(): void {
    this.#ledger.clearStored();
    for (const { key } of this.#store.read(kvTree(storedFolder))) {
      const base = baseOfKey(key);
      if (key.startsWith(portRecordFolder)) this.#updateRecord(key.slice(portRecordFolder.length));
      else if (base !== undefined) this.#updateStored(base);
    }
  }

  #updateRecord(service: string): void {
    const entry = this.#store.read(kvEntry(portRecordFolder + service));
    this.#ledger.setRecord(service, entry && decodePortRecord(entry.value));
  }

  #updateStored(base: string): void {
    this.#ledger.setStored(
      base,
      readStoredPort(base, (key) => this.#store.read(kvEntry(key))),
    );
  }
}
