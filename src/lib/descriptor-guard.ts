import { closeSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { sleep, type Clock } from "./clock.ts";
import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";

/*
 * The system limits the number of a process's file descriptors, and each connection takes one. When no descriptor is free, a
 * listener retries a failed accept in a busy loop, checks cannot connect and scripts cannot start. So the guard keeps a reserve:
 *
 *   plenty ──(few left)──▶ short: the listeners accept nothing, the reserve is free for checks and scripts
 *     ▲                       │
 *     └──(twice the reserve)──┘
 *
 * Requests under way continue. New connections are refused at once while descriptors are short.
 */

/** A listener that can stop accepting connections for a while. */
export interface PausableListener {
  pause(): void;
  /** Accepts connections again. @throws Error when the listener cannot listen; the guard then retries later */
  resume(): Promise<void>;
}

export interface GuardOptions {
  readonly listeners: readonly PausableListener[];
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly descriptors: Descriptors;
}

/** Milliseconds between two counts of the free descriptors. A check may fail if they run out between two counts. */
const intervalMs = 500;
const reserveMax = 32;

/** Pauses the listeners whenever few descriptors are free, until `signal` aborts. Does nothing where the limit is unknown. */
export async function guardDescriptors(options: GuardOptions): Promise<void> {
  const { clock, signal, descriptors } = options;
  const { max } = descriptors;
  if (max === undefined) return;
  const reserve = Math.min(reserveMax, Math.floor(max / 8));
  const guard = new Guard(options, { max, reserve });
  descriptors.reserve(reserve);
  while (!signal.aborted) {
    await sleep(clock, intervalMs, signal);
    if (!signal.aborted) await guard.update();
  }
  descriptors.release();
}

class Guard {
  readonly #options: GuardOptions;
  readonly #max: number;
  readonly #reserve: number;
  #isShort = false;

  constructor(options: GuardOptions, { max, reserve }: { readonly max: number; readonly reserve: number }) {
    this.#options = options;
    this.#max = max;
    this.#reserve = reserve;
  }

  async update(): Promise<void> {
    const free = this.#max - this.#options.descriptors.used();
    if (!this.#isShort && free < this.#reserve / 2) this.#pause();
    else if (this.#isShort && free >= 2 * this.#reserve) await this.#resume();
  }

  #pause(): void {
    const { listeners, descriptors, log } = this.#options;
    this.#isShort = true;
    for (const listener of listeners) listener.pause();
    descriptors.release();
    const advice = "look for a client that keeps opening connections, or raise the limit (ulimit -n, LimitNOFILE)";
    log.error("Too many open files: no more connections are accepted", { max: this.#max, advice });
  }

  async #resume(): Promise<void> {
    const { listeners, descriptors, log } = this.#options;
    try {
      for (const listener of listeners) await listener.resume();
    } catch (error) {
      log.warn("Cannot accept connections again yet", { error: messageOf(error) });
      return;
    }
    this.#isShort = false;
    descriptors.reserve(this.#reserve);
    log.info("Connections are accepted again");
  }
}

export interface Descriptors {
  /** Maximum number of open descriptors of the process; undefined where the system does not report it. */
  readonly max: number | undefined;
  /** Returns the number of open descriptors, including the reserve. */
  used(): number;
  /** Opens descriptors until `count` of them are reserved, or no descriptor is free. */
  reserve(count: number): void;
  release(): void;
}

const own = "/proc/self/fd";

/** The descriptors of this process, read from Linux's /proc. */
export class ProcessDescriptors implements Descriptors {
  readonly max: number | undefined = readLimit();
  readonly #held: number[] = [];

  used(): number {
    try {
      // Linux 6.2 and later report the count as the folder's size. Older kernels report 0; listing a thousand entries takes 1 ms.
      return statSync(own).size || readdirSync(own).length;
    } catch {
      // Reading the folder needs a descriptor, and none is free.
      return Number.POSITIVE_INFINITY;
    }
  }

  reserve(count: number): void {
    try {
      while (this.#held.length < count) this.#held.push(openSync("/dev/null", "r"));
    } catch {
      // No descriptor is free any more: keep those that were opened.
    }
  }

  release(): void {
    for (const held of this.#held.splice(0)) closeSync(held);
  }
}

function readLimit(): number | undefined {
  try {
    const [, max] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
    return max === undefined ? undefined : Number(max);
  } catch {
    return undefined;
  }
}
