import type { Clock, Timer } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Command, Outcome } from "../state/command.ts";

/** A write of this server that has no outcome yet. */
export interface OwnWrite {
  readonly commands: readonly Command[];
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (reason: unknown) => void;
  readonly deadline: Timer;
  /** Whether a leader may have received it. */
  isSent: boolean;
}

type Callbacks = Pick<OwnWrite, "resolve" | "reject">;

/**
 * The writes of this server that have no outcome yet, by serial, oldest first. One that has none in time is rejected: with
 * "no-leader" if no leader can have received it, else with "write-unconfirmed".
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

  /** Returns the writes that no leader has received, as far as this server knows. */
  get unsent(): (readonly [number, OwnWrite])[] {
    return [...this.#writes].filter(([, { isSent }]) => !isSent);
  }

  add(commands: readonly Command[], { resolve, reject }: Callbacks): void {
    const serial = this.#nextSerial++;
    const deadline = this.#clock.schedule(this.#holdMs, () =>
      this.settle(serial, (write) => write.reject(write.isSent ? unconfirmed() : noLeader())),
    );
    this.#writes.set(serial, { commands, resolve, reject, deadline, isSent: false });
  }

  /** Ends a write by one of its callbacks. Does nothing if it has ended. */
  settle(serial: number, end: (write: Callbacks & Pick<OwnWrite, "isSent">) => void): void {
    const write = this.#writes.get(serial);
    if (!write) return;
    this.#writes.delete(serial);
    write.deadline.cancel();
    end(write);
  }

  /** Gives new serials to the writes that were sent, because they were not done and must be sent again. */
  renumberSent(): void {
    for (const [serial, { commands, isSent }] of [...this.#writes])
      if (isSent) this.settle(serial, (write) => this.add(commands, write));
  }

  /** Rejects the writes up to a serial, of which this server cannot learn whether they were done. */
  rejectUnconfirmed(lastSerial: number): void {
    for (const serial of [...this.#writes.keys()])
      if (serial <= lastSerial) this.settle(serial, ({ reject }) => reject(unconfirmed()));
  }

  rejectAll(reason: unknown): void {
    for (const serial of [...this.#writes.keys()]) this.settle(serial, ({ reject }) => reject(reason));
  }
}

/** Returns the error of a read or write that found no leader in time. Consul has the same text. */
export function noLeader(): OperatingError {
  return new OperatingError("unavailable", "no-leader", "No cluster leader");
}

function unconfirmed(): OperatingError {
  const message = "no server has confirmed the write in time. It may still be done: read before you write again.";
  return new OperatingError("timeout", "write-unconfirmed", message);
}
