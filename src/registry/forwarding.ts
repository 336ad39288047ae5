import type { Position, Term } from "../engine/replicated-engine.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Command, Outcome } from "../state/command.ts";
import type { WriteQueue } from "./write-queue.ts";

/** A follower's write on its way to the leader. */
export interface ForwardedWrite {
  /** The number of the write, counted from 1 since the follower's start. */
  readonly serial: number;
  readonly commands: readonly Command[];
}

/** The writes that a follower sends to the leader in one message. */
export interface ForwardedWrites {
  /** The id of the follower. */
  readonly server: string;
  /** A text that no other start of the follower has. */
  readonly start: string;
  /** The number of the term in which the receiver is to do the writes. */
  readonly term: number;
  /** The follower has the results of all writes with lower serials, so the leader may drop them. */
  readonly settledBelow: number;
  readonly writes: readonly ForwardedWrite[];
}

/** The leader's answer to one forwarded write. */
export interface ForwardedResult {
  readonly serial: number;
  /** Missing if the log has this write, or a later one of the follower: then the follower learns from the log whether it was done. */
  readonly outcomes?: readonly Outcome[];
  /** A position of the log at which the write's effects are in the state. */
  readonly position: Position;
}

/** The calls by which a server reaches the leader. The server's role sends them over the links between servers. */
export interface LeaderCalls {
  /**
   * Sends writes to the server that leads, and resolves with their results, in any order.
   * @throws OperatingError when the leader did not answer; it may have done the writes
   */
  forward(leader: string, writes: ForwardedWrites): Promise<readonly ForwardedResult[]>;
  /** Asks the leader for a position that covers all acknowledged writes. */
  newest(leader: string): Promise<Position>;
}

/** A term in which this server leads, with the results of forwarded writes that a follower may request again. */
export class Leading {
  readonly term: Term;
  readonly writes: WriteQueue;
  /** By the id of a follower: its present start, and the results by serial. */
  readonly #results = new Map<string, { readonly start: string; readonly bySerial: Results }>();

  constructor(term: Term, writes: WriteQueue) {
    this.term = term;
    this.writes = writes;
  }

  /**
   * Submits forwarded writes and resolves with their results. A write that arrives again is not submitted again, and has the
   * same result.
   * @param isInLog whether the log has a write with this serial or a higher one already; it then gets a result without outcomes
   * @param visible returns the position of the last batch in the state
   */
  async take(
    { server, start, settledBelow, writes }: ForwardedWrites,
    { isInLog, visible }: { readonly isInLog: (serial: number) => boolean; readonly visible: () => Position },
  ): Promise<readonly ForwardedResult[]> {
    const known = this.#resultsOf(server, start);
    for (const serial of known.keys()) if (serial < settledBelow) known.delete(serial);
    const taken: Promise<ForwardedResult>[] = [];
    for (const { serial, commands } of writes) {
      let result = known.get(serial);
      if (!result && isInLog(serial)) result = Promise.resolve({ serial, position: visible() });
      if (!result) {
        const done = this.writes.submit({ commands, origin: { server, start, serial } });
        result = done.then((outcomes) => ({ serial, outcomes, position: visible() }));
        known.set(serial, result);
      }
      taken.push(result);
    }
    return Promise.all(taken);
  }

  #resultsOf(server: string, start: string): Results {
    let known = this.#results.get(server);
    if (known?.start !== start) this.#results.set(server, (known = { start, bySerial: new Map() }));
    return known.bySerial;
  }
}

type Results = Map<number, Promise<ForwardedResult>>;

/** Codes of errors after which a write is sent again: the leader has not done it, or knows its serial. */
const codesOfRepeats: ReadonlySet<string> = new Set(["link-lost", "leadership-lost", "write-unconfirmed"]);

/** Returns whether a forwarded write that failed with this error may be sent again, and succeed then. */
export function maySucceedLater(error: unknown): boolean {
  return !(error instanceof OperatingError) || codesOfRepeats.has(error.code);
}

export function isLeadershipLost(error: unknown): boolean {
  return error instanceof OperatingError && error.code === "leadership-lost";
}
