import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";
import type { Log } from "../lib/log.ts";
import type { PortRecord } from "../model/port-record.ts";
import type { Machine } from "./machine.ts";
import { portRecordBytes } from "./port-records.ts";

/** The request by which the agent tells a service its new port. */
export interface CallbackTarget {
  readonly method: "GET" | "POST";
  readonly url: string;
}

const timeoutMs = 3_000;
const firstPauseMs = 1_000;
const pauseMsMax = 60_000;
/** Maximum number of requests for one callback. With the pauses between them they take about three minutes. */
const attemptsMax = 10;
const callsMax = 4;

interface Call {
  readonly recordId: string;
  readonly ending: AbortController;
}

/**
 * Sends callbacks, the HTTP requests that tell services their new ports: one for each new port, and a failed one again for about
 * three minutes. At most `callsMax` requests are under way at once, so a service that does not answer delays the requests to
 * other services by at most three seconds. The bodies of the answers are not read.
 */
export class PortCallbacks {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #machine: Pick<Machine, "fetch">;
  readonly #slots = new KeyedQueue();
  /** The newest callback of each service, by service id. One that has succeeded stays, so that each port is announced once. */
  readonly #calls = new Map<string, Call>();
  #attempts = 0;

  constructor(options: { readonly clock: Clock; readonly log: Log; readonly machine: Pick<Machine, "fetch"> }) {
    this.#clock = options.clock;
    this.#machine = options.machine;
    this.#log = options.log;
  }

  /** Starts the service's callback in place of an earlier one, unless a callback for a record with this id was started before. */
  tell(record: PortRecord, target: CallbackTarget): void {
    if (this.#calls.get(record.service)?.recordId === record.id) return;
    this.forget(record.service);
    const ending = new AbortController();
    this.#calls.set(record.service, { recordId: record.id, ending });
    void this.#call(record, target, ending.signal);
  }

  /** Stops a service's callback: aborts the request under way and drops the retries. */
  forget(service: string): void {
    this.#calls.get(service)?.ending.abort();
    this.#calls.delete(service);
  }

  stop(): void {
    for (const service of [...this.#calls.keys()]) this.forget(service);
  }

  async #call(record: PortRecord, target: CallbackTarget, signal: AbortSignal): Promise<void> {
    const fields = { service: record.service, url: target.url };
    let pauseMs = firstPauseMs;
    let failure = "";
    for (let attempt = 0; attempt < attemptsMax && !signal.aborted; attempt += 1) {
      if (attempt > 0) await sleep(this.#clock, pauseMs, signal);
      if (attempt > 1) pauseMs = Math.min(pauseMs * 2, pauseMsMax);
      failure = await this.#inSlot(() => this.#attempt(record, target, signal));
      if (failure === "") return this.#log.info("Told the service its new port", { ...fields, port: record.newPort });
    }
    if (!signal.aborted) this.#log.warn("Cannot tell the service its new port", { ...fields, error: failure });
  }

  #inSlot(attempt: () => Promise<string>): Promise<string> {
    this.#attempts += 1;
    return this.#slots.run([String(this.#attempts % callsMax)], attempt);
  }

  /** Sends one request to the service. Resolves with "" after a 2xx answer, otherwise with the reason of the failure. */
  async #attempt(record: PortRecord, { method, url }: CallbackTarget, signal: AbortSignal): Promise<string> {
    if (signal.aborted) return "the call was ended";
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
