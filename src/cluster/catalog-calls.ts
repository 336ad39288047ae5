import type { NodeChange, NodeContents } from "../registry/node-catalog.ts";

/*
 * The heads of the calls by which a client agent reads and writes the servers' catalog. They are trusted: an agent that
 * calls has proved that it belongs to the cluster.
 */

/** "catalog-commit": a change of the rows of the agent's own node. The change is durable, except for what the answer lists. */
export type CatalogCommit = Omit<NodeChange, "rows">;

/** The registrations that their tokens may not make; null if there are none. */
export type CommitAnswer = readonly RefusedWrite[] | null;

/** A service or checks that were registered together, and that the catalog does not have. */
export interface RefusedWrite {
  readonly serviceIds: readonly string[];
  readonly checkIds: readonly string[];
  /** The accessor id of the token; "" if it does not exist. */
  readonly accessorId: string;
}

/** "node-contents" reads a node's rows; with `after`, as soon as their index is above it, or a minute is over. */
export interface ContentsRequest {
  readonly node: string;
  readonly after?: number | undefined;
  /** Whether the checks carry their newest outputs, which are not in their rows. */
  readonly withOutputs: boolean;
}

export interface ContentsAnswer extends NodeContents {
  readonly index: number;
}

/** "check-output": newest outputs of checks of the agent's own node. */
export type CheckOutputs = readonly CheckOutput[];

export interface CheckOutput {
  readonly id: string;
  readonly serviceName: string;
  /** Undefined if the check was deregistered. */
  readonly output?: string | undefined;
}

/** "server-outputs": newest outputs of the checks of a node, which one server tells another. */
export interface ServerOutputs {
  readonly node: string;
  readonly outputs: CheckOutputs;
}

export const serverOutputsCall = "server-outputs";

/** "server-coordinates": coordinates of nodes, which one server tells another. */
export const coordinatesCall = "server-coordinates";

/** "bus-position": the index up to which the leader has published the changes of keys. */
export const busPositionCall = "bus-position";
