import type { ReplicatedEngine } from "../engine/replicated-engine.ts";
import type { Clock } from "../lib/clock.ts";
import { isLeadershipLost, type LeaderCalls, type Leading, maySucceedLater } from "./forwarding.ts";
import { retryMs } from "./leader-wait.ts";
import type { LogPosition } from "./log-position.ts";
import type { OwnWrites } from "./own-writes.ts";

interface SendingOptions {
  readonly own: OwnWrites;
  /** How much of the log is in this server's state. */
  readonly position: LogPosition;
  /** Returns the term in which this server leads; undefined while it does not. */
  readonly leading: () => Leading | undefined;
  readonly engine: Pick<ReplicatedEngine, "leader">;
  readonly leaderCalls: Pick<LeaderCalls, "forward">;
  /** The id of this server. */
  readonly server: string;
  /** A text that no other start of this server has. */
  readonly start: string;
  readonly clock: Clock;
}

/** Sends the own writes of a server to the leader, which may be this server, until each has its outcome. */
export class Sending {
  readonly #options: SendingOptions;
  #isDue = false;

  constructor(options: SendingOptions) {
    this.#options = options;
  }

  /** Sends the writes that no leader has; those of one tick go together. */
  send(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      const leading = this.#options.leading();
      if (leading) this.#enqueue(leading);
      else void this.#forward();
    });
  }

  #enqueue({ writes }: Leading): void {
    const { own } = this.#options;
    for (const [serial, write] of own.unsent) {
      write.place = "queue";
      writes.submit({ commands: write.commands }).then(
        (outcomes) => own.settle(serial, ({ resolve }) => resolve(outcomes)),
        (error: unknown) => {
          // After a lost term the batch never takes effect, and the next leader gets the write.
          if (isLeadershipLost(error)) write.place = "here";
          else own.settle(serial, ({ reject }) => reject(error));
          this.#sendLater();
        },
      );
    }
  }

  async #forward(): Promise<void> {
    const { engine, leaderCalls, own, position: reached, server, start } = this.#options;
    const { leader } = engine;
    const { unsent, settledBelow } = own;
    if (unsent.length === 0) return;
    if (leader === undefined || leader.name === server) return this.#sendLater();
    const writes = unsent.map(([serial, write]) => {
      write.place = "leader";
      write.term = leader.term;
      return { serial, commands: write.commands };
    });
    try {
      const message = { server, start, term: leader.term, settledBelow, writes };
      for (const { serial, outcomes, position } of await leaderCalls.forward(leader.name, message))
        void reached.reaches(position).then(() => {
          own.takeAnswer(serial, outcomes);
          if (!outcomes) this.send();
        });
    } catch (error) {
      for (const [serial, write] of unsent) {
        // The leader may have done the write. It knows the write's serial, so it does not do the write twice.
        if (maySucceedLater(error)) write.place = "here";
        else own.settle(serial, ({ reject }) => reject(error));
      }
      this.#sendLater();
    }
  }

  #sendLater(): void {
    this.#options.clock.schedule(retryMs, () => this.send());
  }
}
