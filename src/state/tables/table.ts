import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { NodeRow } from "../../model/node.ts";
import type { ServiceRow } from "../../model/service.ts";
import type { SessionRow } from "../../model/session.ts";
import type { Topic } from "../topics.ts";
import type { Shape } from "./shape.ts";

/**
 * One kind of record. Everything that handles rows in general derives from these descriptors: the empty state, drafts,
 * loading, apply-rows, snapshots and the difference of two states. A table is a file here and a line of `tables` in
 * state.ts.
 *
 * Names are the properties of State that hold the rows and their indexes.
 */
export interface Table<Row, Names extends string = string> {
  /** The table's name in the engine and in snapshots. */
  readonly name: string;
  readonly rows: Names;
  /** Returns the row's key in the engine. */
  key(row: Row): string;
  /** Returns where the row with that engine key is in State: another string if another order is needed. */
  place(key: string): string;
  encode(row: Row): Uint8Array;
  decode(bytes: Uint8Array, key: string): Row;
  /** Tells whether a decoded row could have been written by the state machine. A table without it is in no snapshot. */
  readonly isSound?: Shape;
  readonly indexes: readonly Index<Row, Names>[];
  /** Returns the topics whose answers show the row. `known` is the row that it replaces. */
  topics(row: Row, related: Related, known?: Row): Iterable<Topic>;
  /**
   * Each row has one topic that no other row belongs to. The row's modifyIndex is then the topic's index, and
   * State.topicIndexes has no entry for it.
   */
  readonly hasTopicPerRow?: boolean;
  /** Returns which row that this one names does not exist, as a text for people. */
  missing?(row: Row, related: Related): string | undefined;
}

/** Rows in another order or under another name, kept in memory. */
export interface Index<Row, Names extends string = string> {
  readonly name: Names;
  /** Returns the keys under which the index has the row. */
  places(row: Row): readonly string[];
  /** Returns what the index has there. Default: the row. */
  value?(row: Row): unknown;
}

/** The part of the state that rows of other tables refer to. */
export interface Related {
  readonly nodes: OrderedTable<NodeRow>;
  readonly services: OrderedTable<ServiceRow>;
  readonly sessions: OrderedTable<SessionRow>;
}

/** The places of a row that an index leaves out. */
export const nowhere: readonly string[] = [];

export const samePlace = (key: string): string => key;

/** Encloses a name in the text that `missing` returns. */
export function quote(name: string): string {
  return JSON.stringify(name);
}

/** Returns the modifyIndex of a row, or 0 if its table has none. */
export function modifyIndexOf(row: unknown): number {
  return typeof row === "object" && row !== null && "modifyIndex" in row ? Number(row.modifyIndex) : 0;
}
