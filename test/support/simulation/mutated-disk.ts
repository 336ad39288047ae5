import type { Batch, OpenedEngine, RowChange } from "../../../src/engine/engine.ts";
import type { Mutation } from "./mutation.ts";

type Found = Omit<OpenedEngine, "engine">;

/** Returns the rows and the revision that a disk with this fault reads instead of `found`. */
export function mutateOpened(found: Found, mutation: Mutation | undefined): Found {
  switch (mutation) {
    case "the position on the bus is forgotten":
      return { ...found, rows: found.rows.filter(({ key }) => key !== "bus/position") };
    case "the index falls at a start":
      return {
        revision: Math.max(0, found.revision - 5),
        rows: found.rows.filter(({ table }) => table !== "tombstones"),
      };
    case undefined:
    default:
      return found;
  }
}

/** Returns the batch that a disk with this fault writes instead of `batch`. */
export function mutateBatch(batch: Batch, mutation: Mutation | undefined): Batch {
  return mutation === "a port is assigned twice" ? { ...batch, changes: batch.changes.map(withFirstPort) } : batch;
}

function withFirstPort(change: RowChange): RowChange {
  if (!change.key.startsWith("edgex/registry/ports/") || change.value === undefined) return change;
  const text = Buffer.from(change.value)
    .toString("latin1")
    .replace(/"newPort":28\d{3}/, '"newPort":28000');
  return { ...change, value: Buffer.from(text, "latin1") };
}
