import type { Command, Outcome } from "../state/command.ts";
import type { State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { Waiter } from "./watches.ts";

/**
 * How new the state of a read must be. "stale": the state that this server has. "leader" (Consul's default) and "consistent": a
 * state with every write that was acknowledged before the read, on any server.
 */
export type Consistency = "stale" | "leader" | "consistent";

/** Called after each commit with the topics that the commit touched, before the watches wake. */
export type CommitListener = (touched: ReadonlySet<Topic>) => void;

/**
 * The interface through which every part of a server uses the catalog and the keys: the part submits commands, reads
 * snapshots, waits for topics and follows commits. Store implements it for a server that orders the writes itself.
 */
export interface Registry {
  /** The newest durable state that this server has. */
  readonly state: State;
  /** The index of that state, which is the same for all callers, and also for one whose own write ended its token. */
  readonly index: number;
  /** Returns the query's answer from the newest state that this server has. */
  read<T>(query: Query<T>): T;
  /** The error because of which the last batch is not durable; undefined if the batch is durable. */
  readonly refusal: unknown;
  /** True once the agent stops; blocking queries then return at once. */
  readonly closed: boolean;
  /**
   * Resolves when the command's effect is durable and in `state`. Commands of separate calls may become durable in
   * separate batches.
   * @throws OperatingError unavailable when the command cannot be made durable; it has then changed nothing. timeout when
   * the engine has not confirmed it in time; it may still become durable
   */
  submit(command: Command): Promise<Outcome>;
  /**
   * Applies the commands in order and makes them durable in one batch: after a crash the state has the effects of all of
   * them, or of none. Each command has its own outcome: a rejected command changes nothing and does not undo the others.
   * @throws OperatingError in the same cases as submit, for all commands together
   */
  submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]>;
  /** Whether this server leads: it orders the writes. A server that stands alone always does. */
  readonly leads: boolean;
  /** Calls `listener` each time this server begins or ends to lead. */
  onRole(listener: () => void): void;
  /**
   * Does the same as submit, but only while this server leads. For decisions that the leader alone makes, such as the end of a
   * session whose TTL is over: the next leader must not carry them out, because it decides anew.
   * @throws OperatingError unavailable "leadership-lost" if this server does not lead, or ends to lead before the command is
   * durable; the command then changes nothing
   */
  submitAsLeader(command: Command): Promise<Outcome>;
  /**
   * Resolves when `state` is new enough for a read. Returns undefined if it is already, as it always is on a server that stands
   * alone.
   * @throws OperatingError unavailable "no-leader" when no server confirms in time that the state is new enough
   */
  freshen(consistency: Consistency): Promise<void> | undefined;
  /** Returns the index of an answer that depends on these topics: the index of the newest write that touched one of them. */
  indexOf(topics: readonly Topic[]): number;
  /** Calls `waiter` once, when one of the topics is touched. Returns a function that cancels the wait. */
  wait(topics: readonly Topic[], waiter: Waiter): () => void;
  /** Returns the number of callers on this server that wait for a change of a key, or of a tree that contains it. */
  watchersOf(key: string): number;
  /** Calls `listener` after each commit, for as long as the agent runs. */
  follow(listener: CommitListener): void;
  /**
   * Raises the index of a topic whose data is in memory only, outside the state, to at least the index of the newest write,
   * and wakes the topic's watchers. Nothing is written, and the index never falls while the agent runs.
   */
  touch(topic: Topic): void;
}
