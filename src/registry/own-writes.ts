import type { Clock, Timer } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Command, Outcome } from "../state/command.ts";
import { noLeader } from "./leader-wait.ts";

/** A write of this server that has no outcome yet. */
export interface OwnWrite {
  readonly commands: readonly Command[];
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (reason: unknown) => void;
  /** The monotonic time until which the write waits, and the timer of that. */
  readonly untilMs: number;
  readonly deadline: Timer;
  /**
   * Where the write is: "here" if no server orders it yet, in the "queue" of this server, or at another server that leads
   * ("leader").
   */
  place: "here" | "queue" | "leader";
  /** The number of the newest term whose leader may have received it from this server; 0 for none. */
  term: number;
  /** The outcomes and the term of the batch, if the write is in the log but its leader has not answered. */
  done: { readonly outcomes: readonly Outcome[]; readonly term: number } | undefined;
}

type Callbacks = Pick<OwnWrite, "resolve" | "reject">;

/**
 * The writes of this server that have no outcome yet, by serial, oldest first. A write without an outcome after `holdMs` is
 * rejected: with "no-leader" if it is to be sent to a leader still, else with "write-unconfirmed".
 */
export class OwnWrites {
  readonly #writes = new Map<number, OwnWrite>();
  readonly #clock: Clock;
  readonly #holdMs: number;
  #nextSerial = 1;

  /** @param holdMs milliseconds for which a write waits for its outcome */
  constructor(clock: Clock, holdMs: number) {
    this.#clock = clock;
    this.#holdMs = holdMs;
  }

  /** The serial below which all writes have their outcomes. */
  get settledBelow(): number {
    const [first = this.#nextSerial] = this.#writes.keys();
    return first;
  }

  /** Returns the writes that no leader has, as far as this server knows. */
  get unsent(): (readonly [number, OwnWrite])[] {
    return [...this.#writes].filter(([, { place }]) => place === "here");
  }

  add(commands: readonly Command[], callbacks: Callbacks): void {
    this.#add({ commands, ...callbacks, untilMs: this.#clock.monotonicMs() + this.#holdMs });
  }

  #add({ commands, resolve, reject, untilMs }: Callbacks & Pick<OwnWrite, "commands" | "untilMs">): void {
    const serial = this.#nextSerial++;
    const deadline = this.#clock.schedule(untilMs - this.#clock.monotonicMs(), () => this.settle(serial, giveUp));
    this.#writes.set(serial, { commands, resolve, reject, untilMs, deadline, place: "here", term: 0, done: undefined });
  }

  /** Removes a write and calls `end` with its callbacks. Does nothing if the write was removed before. */
  settle(serial: number, end: (write: OwnWrite) => void): void {
    const write = this.#writes.get(serial);
    if (!write) return;
    this.#writes.delete(serial);
    write.deadline.cancel();
    end(write);
  }

  /** Notes the outcomes of a write that is in the log, and the term of its batch. */
  noteDone(serial: number, done: NonNullable<OwnWrite["done"]>): void {
    const write = this.#writes.get(serial);
    if (write) write.done = done;
  }

  /**
   * Takes the leader's answer to a write, once this server has the log up to the answer's position. Without outcomes, the write
   * has those of the log. If the log has not the write, it was not done, and gets a new serial under which it is to be sent again.
   */
  takeAnswer(serial: number, answered: readonly Outcome[] | undefined): void {
    this.settle(serial, (write) => {
      const outcomes = answered ?? write.done?.outcomes;
      if (outcomes) write.resolve(outcomes);
      else this.#add(write);
    });
  }

  /**
   * Settles the writes that earlier leaders had, because their terms are over: those in the log have their outcomes; the others
   * were not done, and get new serials under which they are sent again.
   * @param present the number of the present term
   */
  endTermsBefore(present: number): void {
    for (const [serial, { done, place, term }] of [...this.#writes])
      if (done) {
        if (done.term < present) this.settle(serial, ({ resolve }) => resolve(done.outcomes));
      } else if (term < present && place === "leader") this.settle(serial, (write) => this.#add(write));
  }

  /** Rejects the writes up to a serial with "write-unconfirmed", because this server cannot learn whether they were done. */
  rejectUnconfirmed(lastSerial: number): void {
    for (const serial of [...this.#writes.keys()])
      if (serial <= lastSerial) this.settle(serial, ({ reject }) => reject(unconfirmed()));
  }

  rejectAll(reason: unknown): void {
    for (const serial of [...this.#writes.keys()]) this.settle(serial, ({ reject }) => reject(reason));
  }
}

function giveUp({ place, term, done, resolve, reject }: OwnWrite): void {
  if (done) resolve(done.outcomes);
  else reject(place === "here" && term === 0 ? noLeader() : unconfirmed());
}

function unconfirmed(): OperatingError {
  const message = "no server has confirmed the write in time. It may still be done: read before you write again.";
  return new OperatingError("timeout", "write-unconfirmed", message);
}
