import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";
import type { Log } from "../lib/log.ts";
import type { PortRecord } from "../model/port-record.ts";
import type { Machine } from "./machine.ts";
import { portRecordBytes } from "./port-records.ts";

/** Where a service wants to be told of its new port. */
export interface CallbackTarget {
  readonly method: "GET" | "POST";
  readonly url: string;
}

const timeoutMs = 3_000;
const firstPauseMs = 1_000;
const pauseMsMax = 60_000;
/** With these pauses it is tried for about five minutes. */
const attemptsMax = 10;
const callsMax = 4;

interface Call {
  readonly recordId: string;
  readonly ending: AbortController;
}

/**
 * Tells services of their new ports by HTTP, each port once; a service that does not take it is tried again for some
 * minutes. Nobody waits for it: a service that hangs takes up one of a few calls for three seconds. What it answers is not
 * read.
 */
export class PortCallbacks {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #machine: Pick<Machine, "fetch">;
  readonly #slots = new KeyedQueue();
  /** By service; also those that have been told. */
  readonly #calls = new Map<string, Call>();
  #made = 0;

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly machine: Pick<Machine, "fetch"> }) {
    this.#clock = options.clock;
    this.#machine = options.machine;
    this.#log = options.log;
  }

  /** Begins to tell the service, unless that has begun. */
  tell(record: PortRecord, target: CallbackTarget): void {
    if (this.#calls.get(record.service)?.recordId === record.id) return;
    this.forget(record.service);
    const ending = new AbortController();
    this.#calls.set(record.service, { recordId: record.id, ending });
    void this.#call(record, target, ending.signal);
  }

  /** It is not to be told any more. */
  forget(service: string): void {
    this.#calls.get(service)?.ending.abort();
    this.#calls.delete(service);
  }

  stop(): void {
    for (const service of [...this.#calls.keys()]) this.forget(service);
  }

  async #call(record: PortRecord, target: CallbackTarget, signal: AbortSignal): Promise<void> {
    const of = { service: record.service, url: target.url };
    let pauseMs = firstPauseMs;
    let failure = "";
    for (let attempt = 0; attempt < attemptsMax && !signal.aborted; attempt += 1) {
      if (attempt > 0) await sleep(this.#clock, pauseMs, signal);
      if (attempt > 1) pauseMs = Math.min(pauseMs * 2, pauseMsMax);
      failure = await this.#inSlot(() => this.#attempt(record, target, signal));
      if (failure === "") return this.#log.info("Service was told of its new port", { ...of, port: record.newPort });
    }
    if (!signal.aborted) this.#log.warn("Service could not be told of its new port", { ...of, error: failure });
  }

  #inSlot(attempt: () => Promise<string>): Promise<string> {
    this.#made += 1;
    return this.#slots.run([String(this.#made % callsMax)], attempt);
  }

  /** "" when the service took it, else why not. */
  async #attempt(record: PortRecord, { method, url }: CallbackTarget, signal: AbortSignal): Promise<string> {
    if (signal.aborted) return "not wanted any more";
    const ending = new AbortController();
    const timer = this.#clock.schedule(timeoutMs, () => ending.abort(new Error(`no answer within ${timeoutMs} ms`)));
    try {
      const response = await this.#machine.fetch(url, {
        method,
        redirect: "manual",
        signal: AbortSignal.any([signal, ending.signal]),
        ...(method === "POST" && {
          headers: { "Content-Type": "application/json" },
          body: portRecordBytes(record),
        }),
      });
      await response.body?.cancel();
      return response.ok ? "" : `HTTP status ${response.status}`;
    } catch (thrown) {
      return messageOf(thrown);
    } finally {
      timer.cancel();
    }
  }
}
