import type { CheckDefinition } from "../../model/check.ts";
import type { PreparedQuery } from "../../model/prepared-query.ts";
import type { ServiceDefinition } from "../../model/service.ts";
import type { KvTreeEntry } from "../../wire/kv-tree.ts";
import type { CarriedNode } from "./carried-node.ts";

/** The content of a registry that import and export transfer. */
export interface Inventory<Key extends KvTreeEntry = KvTreeEntry> {
  readonly keys: readonly Key[];
  /** The agent's services, with their checks. */
  readonly services: readonly ServiceDefinition[];
  /** The checks of the agent's node, which belong to no service. */
  readonly checks: readonly CheckDefinition[];
  /** The nodes of the catalog other than the agent's. */
  readonly nodes: readonly CarriedNode[];
  /** Prepared queries, identified by name, since each registry assigns its own ids. */
  readonly queries: readonly PreparedQuery[];
}

/** An inventory with its source, and remarks about items that the import skips or changes. */
export interface Found<Key extends KvTreeEntry = KvTreeEntry> {
  /** The source, for people: "the agent at http://127.0.0.1:8500 (gw)". */
  readonly where: string;
  readonly inventory: Inventory<Key>;
  /**
   * Ids of checks whose source lacks part of the definition. If the destination has a check with such an id, the import keeps
   * that check.
   */
  readonly vagueChecks: ReadonlySet<string>;
  /** One sentence for each item that the import skips or changes. */
  readonly remarks: readonly string[];
  /** One sentence for each check that the import skips or changes; to print only if the check's service is imported. */
  readonly checkRemarks: readonly CheckRemark[];
}

export interface CheckRemark {
  readonly id: string;
  /** Id of the check's service; "" for a check of the node. */
  readonly serviceId: string;
  readonly text: string;
  /** Whether the import skips the check, rather than changes it. */
  readonly isLost: boolean;
}

/** Formats a count with its noun: "1 key", "2 keys", "0 prepared queries". */
export function counted(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`.replace(/(?<=[^aeiou])ys$/, "ies")}`;
}
