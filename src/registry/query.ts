import type { Rights } from "../acl/rights.ts";
import type { State } from "../state/state.ts";
import type { Topic } from "../state/topics.ts";

/** A read of the state, with the topics on which its answer depends. */
export interface Query<T> {
  readonly topics: readonly Topic[];
  /** @param state the rows that the caller may read, with the indexes of all rows */
  read(state: State): T;
  /**
   * Reads for a caller with limited rights, in place of `read`: for an answer that Consul does not narrow by row.
   * @param state all rows
   * @throws OperatingError forbidden
   */
  readonly readAs?: (state: State, rights: Rights) => T;
}
