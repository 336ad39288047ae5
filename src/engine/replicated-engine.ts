import { OperatingError } from "../lib/errors.ts";
import type { Batch, Engine, Row } from "./engine.ts";

/**
 * Rows that several servers keep in common: one of them, the leader, commits batches, and all follow them in one order.
 * replicated-engine.suite.ts holds every implementation to this contract.
 *
 * Life cycle of a server: `load`, then `follow` from the position that was loaded, for as long as it runs. To lead, it
 * campaigns; the Term it wins is an Engine to commit through, until the term ends: the server closes it, or another
 * server has won a later one.
 *
 * Invariants:
 * - Positions count batches from 1 without a gap; each has one batch, whichever server looks.
 * - At most one term is current. A batch of an earlier term takes effect before the later term begins, or never.
 * - A batch whose commit resolved is in every later `load`, and every follower gets it.
 */
export interface ReplicatedEngine {
  /** The rows after the batch at `position`, as of one moment, ordered by table, then key (UTF-8 bytes). */
  load(): Promise<LoadedRows>;
  /**
   * Calls `follower` for each batch after `from`, in order, none left out and none twice; also for batches of this
   * server's own term. Ends when the returned function is called, or the engine closes.
   */
  follow(from: Position, follower: Follower): () => void;
  /** The position of a batch at least as new as any whose commit had resolved when this was called. */
  newest(): Promise<Position>;
  /** Resolves when this server leads. Rejects when the signal aborts, or the engine closes. */
  campaign(signal: AbortSignal): Promise<Term>;
  /** The name of the server that leads, as far as this server knows; undefined while none does. */
  readonly leader: string | undefined;
  /** Ends this server's term and its followers. Idempotent. */
  close(): Promise<void>;
}

/** The number of the newest batch; 0 before the first. */
export type Position = number;

export interface LoadedRows {
  readonly rows: readonly Row[];
  readonly position: Position;
  /** Of the batch at `position`; 0 before the first. */
  readonly revision: number;
}

export interface Follower {
  batch(batch: Batch, position: Position): void;
  /** The batches after `from` are not kept any more, or not all of them. The server loads again and follows from there. */
  reload(): void;
}

/**
 * One server's time as the leader.
 *
 * `commit` rejects with OperatingError unavailable "leadership-lost" when the term is over; the batch was not done then
 * and never will be. It may resolve after the term has ended, when the batch was done before that.
 */
export interface Term extends Engine {
  /** Rises with each term, whichever server has it. */
  readonly number: number;
  /** Resolves when the term is over. */
  readonly ended: Promise<void>;
}

/** The rejection of a commit by a server whose term is over. */
export function leadershipLost(): OperatingError {
  const message = "this server is no longer the leader: the write was not done. Write again.";
  return new OperatingError("unavailable", "leadership-lost", message);
}
