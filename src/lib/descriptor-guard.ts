import { closeSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { sleep, type Clock } from "./clock.ts";
import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";

/*
 * A process may have so many descriptors: files and connections together. Without any left, a listener that cannot accept
 * takes the whole processor for trying again, checks cannot connect and scripts cannot start. So some are kept in reserve:
 *
 *   plenty ──(few left)──▶ short: the doors take no more connections, the reserve is free for checks and scripts
 *     ▲                       │
 *     └──(twice the reserve)──┘
 *
 * Requests under way go on throughout. Who comes meanwhile is refused at once.
 */

/** What accepts connections from outside. */
export interface Door {
  pause(): void;
  /** @throws when it cannot listen; it is tried again */
  resume(): Promise<void>;
}

export interface GuardOptions {
  readonly doors: readonly Door[];
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly descriptors: Descriptors;
}

/** A check that is run between the last descriptor and the next look may fail. */
const intervalMs = 500;
const reserveMax = 32;

/** Watches until `signal` aborts. */
export async function guardDescriptors(options: GuardOptions): Promise<void> {
  const { clock, signal, descriptors } = options;
  const { max } = descriptors;
  if (max === undefined) return;
  const reserve = Math.min(reserveMax, Math.floor(max / 8));
  const guard = new Guard(options, { max, reserve });
  descriptors.reserve(reserve);
  while (!signal.aborted) {
    await sleep(clock, intervalMs, signal);
    if (!signal.aborted) await guard.look();
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

  async look(): Promise<void> {
    const free = this.#max - this.#options.descriptors.used();
    if (!this.#isShort && free < this.#reserve / 2) this.#pause();
    else if (this.#isShort && free >= 2 * this.#reserve) await this.#resume();
  }

  #pause(): void {
    const { doors, descriptors, log } = this.#options;
    this.#isShort = true;
    for (const door of doors) door.pause();
    descriptors.release();
    const advice = "look for a client that opens connections without end, or raise the limit (ulimit -n, LimitNOFILE)";
    log.error("Too many open files: no more connections are accepted", { max: this.#max, advice });
  }

  async #resume(): Promise<void> {
    const { doors, descriptors, log } = this.#options;
    try {
      for (const door of doors) await door.resume();
    } catch (error) {
      log.warn("Connections cannot be accepted again yet", { error: messageOf(error) });
      return;
    }
    this.#isShort = false;
    descriptors.reserve(this.#reserve);
    log.info("Connections are accepted again");
  }
}

export interface Descriptors {
  /** How many there may be; undefined where the system does not tell. */
  readonly max: number | undefined;
  /** How many there are, the reserve included. */
  used(): number;
  /** Holds so many for later. */
  reserve(count: number): void;
  release(): void;
}

const own = "/proc/self/fd";

/** This process's own, as Linux tells them. */
export class ProcessDescriptors implements Descriptors {
  readonly max: number | undefined = readLimit();
  readonly #held: number[] = [];

  used(): number {
    try {
      // Linux tells it as the folder's size since 6.2; before, a list of some thousand connections takes a millisecond.
      return statSync(own).size || readdirSync(own).length;
    } catch {
      // Looking takes one, and there is none.
      return Number.POSITIVE_INFINITY;
    }
  }

  reserve(count: number): void {
    try {
      while (this.#held.length < count) this.#held.push(openSync("/dev/null", "r"));
    } catch {
      // As many as there are.
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
