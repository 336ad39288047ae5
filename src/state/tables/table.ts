import type { Rights } from "../../acl/rights.ts";
import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { NodeRow } from "../../model/node.ts";
import type { ServiceRow } from "../../model/service.ts";
import type { SessionRow } from "../../model/session.ts";
import type { Topic } from "../topics.ts";
import type { Shape } from "./shape.ts";

/**
 * Describes one kind of record. All code that handles rows of any kind uses these descriptors: the empty state, drafts, loading,
 * apply-rows, snapshots and the difference of two states. Each table has a file in this folder and an element of `tables` in
 * state.ts.
 *
 * `Names` are the properties of State that hold the rows and their indexes.
 */
export interface Table<Row, Names extends string = string> {
  /** The table's name in the engine and in snapshots. */
  readonly name: string;
  readonly rows: Names;
  /** Returns the row's key in the engine. */
  key(row: Row): string;
  /** Returns the key in State of the row that has `key` in the engine. The keys differ if State needs another order of rows. */
  place(key: string): string;
  encode(row: Row): Uint8Array;
  decode(bytes: Uint8Array, key: string): Row;
  /** Returns whether the state machine could have written a decoded row. A snapshot omits a table without this function. */
  readonly isSound?: Shape;
  readonly indexes: readonly Index<Row, Names>[];
  /** Returns whether a caller with these rights may read the row. */
  mayRead(row: Row, rights: Rights): boolean;
  /** Returns the row without the secrets that a caller with these rights may not see; default: the row has none. */
  redact?(row: Row, rights: Rights): Row;
  /** Returns the topics of all queries whose answers include the row. `known` is the row that it replaces. */
  topics(row: Row, related: Related, known?: Row): Iterable<Topic>;
  /**
   * Whether each row has one topic of its own, to which no other row belongs. The row's modifyIndex is then the topic's
   * index, and State.topicIndexes has no entry for the topic.
   */
  readonly hasTopicPerRow?: boolean;
  /** Returns the size of a row in bytes, for a table whose size is limited: State.kvHistoryBytes is the sum. */
  weight?(row: Row): number;
  /** Returns a message that names the missing row if the row refers to a row that does not exist, else undefined. */
  missing?(row: Row, related: Related): string | undefined;
}

/** An index in memory: the rows of a table in another order or by another name. */
export interface Index<Row, Names extends string = string> {
  readonly name: Names;
  /** Returns the keys under which the index has the row. */
  places(row: Row): readonly string[];
  /** Whether several rows have the same key, under which the index then holds the list of them, in the order of their puts. */
  readonly isGrouped?: true;
  /** Returns the value that the index holds under those keys. Default: the row. */
  value?(row: Row): unknown;
}

/** The tables of the state to which rows of other tables refer. */
export interface Related {
  readonly nodes: OrderedTable<NodeRow>;
  readonly services: OrderedTable<ServiceRow>;
  readonly sessions: OrderedTable<SessionRow>;
}

/** An empty list: the index keys of a row that an index does not include. */
export const nowhere: readonly string[] = [];

export const samePlace = (key: string): string => key;

/** Returns a name in quotes, for the text that `missing` returns. */
export function quote(name: string): string {
  return JSON.stringify(name);
}

/** Returns the modifyIndex of a row, or 0 if its table has none. */
export function modifyIndexOf(row: unknown): number {
  return typeof row === "object" && row !== null && "modifyIndex" in row ? Number(row.modifyIndex) : 0;
}
