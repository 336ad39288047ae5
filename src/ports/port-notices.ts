import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { PortRecord } from "../model/port-record.ts";
import type { Events } from "../registry/events.ts";
import type { Registry } from "../registry/registry.ts";
import { callbackTargetOf } from "./callback-target.ts";
import type { Ledger } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import { PortCallbacks } from "./port-callbacks.ts";
import { portRecordBytes } from "./port-records.ts";

const portEventName = "edgex-port-changed";

export interface PortNoticesOptions {
  readonly agent: Agent;
  readonly store: Registry;
  readonly ledger: Ledger;
  readonly events: Events;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly machine: Pick<Machine, "fetch">;
}

/**
 * Announces assigned ports once they are durable: fires an event, and starts the service's callback, if it has one. A client that
 * watches the record's key needs neither.
 */
export class PortNotices {
  readonly #options: PortNoticesOptions;
  readonly #callbacks: PortCallbacks;
  /** The signal that stops all callbacks; undefined before `start`. */
  #signal: AbortSignal | undefined;

  constructor(options: PortNoticesOptions) {
    this.#options = options;
    this.#callbacks = new PortCallbacks(options);
  }

  /** Starts the callback of each service that has not registered its assigned port yet. The signal stops all callbacks. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#callbacks.stop());
    for (const { service } of this.#options.ledger.records) this.call(service);
  }

  /** Fires the event for a record that assigns a port, unless the record before the change assigned the same port. */
  announce(record: PortRecord | undefined, before: PortRecord | undefined): void {
    if (record?.state === "pending" && record.id !== before?.id) this.#fire(record);
  }

  /** Starts the service's callback if the service has not registered its assigned port yet; otherwise stops its callback. */
  call(service: string): void {
    const { agent, ledger } = this.#options;
    const record = ledger.record(service);
    if (record?.state !== "pending") return this.#callbacks.forget(service);
    const registered = agent.services.get(service)?.service;
    const nodeAddress = agent.node.address;
    const target = registered && callbackTargetOf(registered, { store: this.#options.store, ledger, nodeAddress });
    if (target && this.#signal?.aborted === false) this.#callbacks.tell(record, target);
  }

  #fire(record: PortRecord): void {
    const { events, random } = this.#options;
    const noFilters = { nodeFilter: "", serviceFilter: "", tagFilter: "" };
    const event = { id: random.uuid(), name: portEventName, payload: portRecordBytes(record), ...noFilters, time: 0 };
    events.fire(event, { remember: true });
  }
}
