import type { CheckDefinition } from "../../model/check.ts";
import type { PreparedQuery } from "../../model/prepared-query.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import type { KvTreeEntry } from "../../wire/kv-tree.ts";
import type { CarriedNode } from "./carried-node.ts";

/** What is carried from one registry to another, or kept in a folder. */
export interface Inventory<Key extends KvTreeEntry = KvTreeEntry> {
  readonly keys: readonly Key[];
  /** Of the agent itself, with their checks. */
  readonly services: readonly ServiceDefinition[];
  /** Of the agent's node. */
  readonly checks: readonly CheckDefinition[];
  /** The other nodes. */
  readonly nodes: readonly CarriedNode[];
  /** Known by their names: each registry gives them ids of its own. */
  readonly queries: readonly PreparedQuery[];
}

export interface Found<Key extends KvTreeEntry = KvTreeEntry> {
  /** What it was found in, for people: "Consul at http://127.0.0.1:8500". */
  readonly where: string;
  readonly inventory: Inventory<Key>;
  /** Ids of checks of which the source does not tell all: where one is here already, that is the right one. */
  readonly vagueChecks: ReadonlySet<string>;
  /** What cannot be carried over, or not as it was, and why: one sentence each. */
  readonly remarks: readonly string[];
  /** The same of checks, to be told only where the check would have been taken over. */
  readonly checkRemarks: readonly CheckRemark[];
}

export interface CheckRemark {
  readonly id: string;
  /** "" for a check of the node. */
  readonly serviceId: string;
  readonly text: string;
  /** The check is not carried over at all. */
  readonly isLost: boolean;
}

/** A number of things in words: "1 key", "2 keys", "0 prepared queries". */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`.replace(/(?<=[^aeiou])ys$/, "ies")}`;
}
