import type { Command, Outcome } from "../state/command.ts";
import type { State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";
import type { Waiter } from "./watches.ts";

/** How new a snapshot is: "stale" is what this server has, the others every write acknowledged before the call. */
export type Consistency = "stale" | "default" | "consistent";

/** Called after each commit with the topics it touched, before the watches wake. */
export type CommitListener = (touched: ReadonlySet<Topic>) => void;

/**
 * Catalog and keys as every part of a server uses them: it submits commands, reads snapshots, waits for topics and
 * follows commits. Store implements it where this server orders the writes itself.
 */
export interface Registry {
  /** The newest durable state that this server has. */
  readonly state: State;
  /** Why the last batch is not durable; undefined if it is. */
  readonly refusal: unknown;
  /** True once the agent stops: no query waits any more. */
  readonly closed: boolean;
  /**
   * Resolves when the command's effect is durable and in `state`. Commands of separate calls may become durable in
   * separate batches.
   * @throws OperatingError unavailable when it cannot be made durable; it has then changed nothing. timeout when it is not
   * known to be durable yet; it may still be done
   */
  submit(command: Command): Promise<Outcome>;
  /**
   * Applies the commands in order and makes them durable in one batch: after a crash all of them are there, or none. Each
   * has its own outcome: one that is rejected changes nothing and does not undo the others.
   * @throws as submit, for all of them together
   */
  submitTogether(commands: readonly Command[]): Promise<readonly Outcome[]>;
  snapshot(consistency: Consistency): Promise<State>;
  /** The index of an answer that depends on these topics: that of the newest write that touched one of them. */
  indexOf(topics: readonly Topic[]): number;
  /** Calls `waiter` once, when one of the topics is touched. Returns what withdraws it. */
  wait(topics: readonly Topic[], waiter: Waiter): () => void;
  /** Calls `listener` after each commit, for as long as the agent runs. */
  follow(listener: CommitListener): void;
  /**
   * Raises the index of a topic whose data is kept in memory beside the state, to that of the newest write at least, and
   * wakes its watchers. Nothing is written, and the index never falls while the agent runs.
   */
  touch(topic: Topic): void;
}
