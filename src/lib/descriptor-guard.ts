import { closeSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { sleep, type Clock } from "./clock.ts";
import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";

/*
 * The system limits a process's file descriptors, and each connection is one. Without a free one, a listener whose accept
 * fails retries in a busy loop, checks cannot connect and scripts cannot start. So the guard holds some in reserve:
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
  /** @throws when it cannot listen; the guard calls it again */
  resume(): Promise<void>;
}

export interface GuardOptions {
  readonly listeners: readonly PausableListener[];
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly descriptors: Descriptors;
}

/** Milliseconds between two counts. If descriptors run out between two counts, a check that needs one may fail. */
const intervalMs = 500;
const reserveMax = 32;

/** Watches the number of free descriptors until `signal` aborts. */
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
  /** Number of open descriptors, the reserve included. */
  used(): number;
  /** Opens descriptors until `count` are held in reserve, or none is left. */
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
      // Linux 6.2 and later report the count as the folder's size; before, listing some thousand entries takes 1 ms.
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
