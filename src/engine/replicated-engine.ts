import { OperatingError } from "../lib/errors.ts";
import type { Batch, Engine, Row } from "./engine.ts";

/**
 * A store that several servers share: one of them, the leader, commits batches, and all receive them in one order.
 * replicated-engine.suite.ts holds every implementation to this contract.
 *
 * Life cycle of a server: it calls `load`, then `follow` from the loaded position, for as long as it runs. To lead, it campaigns.
 * It wins a Term, which is an Engine, and commits through the term until the term ends: this server closes it, or another server
 * wins a later one.
 *
 * Invariants:
 * - Positions count batches from 1 without a gap. All servers have the same batch at a position.
 * - At most one term is current. A batch of an earlier term takes effect before the later term begins, or never.
 * - A batch whose commit resolved is in every later `load`, and every follower gets it.
 */
export interface ReplicatedEngine {
  /** Returns all rows as they are after the batch at the returned position, ordered by table, then key (UTF-8 bytes). */
  load(): Promise<LoadedRows>;
  /**
   * Calls `follower` for each batch after `from`, in order, exactly once, including the batches that this server commits. Ends
   * when the returned function is called, or the engine closes.
   */
  follow(from: Position, follower: Follower): () => void;
  /** Returns a position that covers every commit that had resolved when this was called, on any server. */
  newest(): Promise<Position>;
  /** Resolves with a new term when this server becomes the leader. Rejects when the signal aborts, or the engine closes. */
  campaign(signal: AbortSignal): Promise<Term>;
  /** The leader, as far as this server knows; undefined while no server leads. */
  readonly leader: Leader | undefined;
  /**
   * Calls `listener` soon after this call and after each change of `leader`, until the returned function is called or the
   * engine closes.
   */
  onLeader(listener: (leader: Leader | undefined) => void): () => void;
  /**
   * Ends the term with this number although its leader has not closed it, and resolves when it is over. Meant for a leader
   * whose process is known to have ended: the other servers then need not wait until its lease expires. No batch of the term
   * takes effect later, but a leader that still runs may take up to `confirmedMs` to learn that it was deposed.
   */
  depose(term: number): Promise<void>;
  /** Ends this server's term and stops calling its followers. Idempotent. */
  close(): Promise<void>;
}

/** The number of a batch in the order of all commits, from 1; 0 means before the first batch. */
export type Position = number;

/** A server that leads. */
export interface Leader {
  /** The text with which its server opened the engine, such as an id and an address. */
  readonly name: string;
  /** The number of its term. */
  readonly term: number;
}

export interface LoadedRows {
  readonly rows: readonly Row[];
  readonly position: Position;
  /** The revision of the batch at `position`; 0 before the first. */
  readonly revision: number;
}

/** A batch of the log, with the number of the term in which it was committed. */
export interface CommittedBatch extends Batch {
  readonly term: number;
}

export interface Follower {
  batch(batch: CommittedBatch, position: Position): void;
  /** Called when a batch after `from` was deleted by a compaction: the server must load the rows again. */
  reload(): void;
}

/**
 * The period in which one server is the leader, and the engine through which it commits.
 *
 * `commit` rejects with OperatingError unavailable "leadership-lost" when the term is over; the batch then never takes effect.
 * `commit` may resolve after the end of the term if the batch was committed before the end. While it cannot know whether the
 * batch took effect, it does not settle; only a close ends that wait, with OperatingError timeout "write-unconfirmed".
 */
export interface Term extends Engine {
  /** The term's number, higher than that of every earlier term of any server. */
  readonly number: number;
  /**
   * Resolves when the term is over, or may be over: a leader ends its term by its own monotonic clock when it could not renew
   * its lease for as long as the lease lasts.
   */
  readonly ended: Promise<void>;
  /**
   * Returns the milliseconds since this server sent the last request whose answer says that it leads: a renewal of its lease or
   * a commit. No batch of a later term was committed before that moment, nor is one committed within a third of a lease after
   * it, unless this term is deposed. Infinity when the term is over.
   */
  confirmedMs(): number;
}

/** Returns the error for a commit by a server whose term is over. */
export function leadershipLost(): OperatingError {
  const message = "this server is no longer the leader: the write was not done. Write again.";
  return new OperatingError("unavailable", "leadership-lost", message);
}
