import { decode, encode } from "@msgpack/msgpack";
import type { Row, RowChange } from "../engine/engine.ts";
import type { Outcome } from "../state/command.ts";
import { storeTables } from "../state/rows.ts";

/*
 * A batch records its forwarded writes in the table `origins`: one row for each server that forwarded some. The row of a server
 * replaces the row of its earlier writes. From these rows each server learns the outcomes of its writes, and a new leader
 * learns which writes were done.
 */

/** Identifies a write that a follower forwards to the leader. */
export interface Origin {
  /** The id of the server that forwarded the write. */
  readonly server: string;
  /** A text that no other start of that server has. */
  readonly start: string;
  /** The number of the write, counted from 1 since that start. */
  readonly serial: number;
}

/** The outcomes of a write that another server forwarded. */
export interface ForwardedOutcomes {
  readonly origin: Origin;
  readonly outcomes: readonly Outcome[];
}

/** A server's row in the table `origins`. It describes the newest batch that has forwarded writes of the server. */
export interface OriginRow {
  readonly server: string;
  /** The start of the server in which it forwarded the writes. */
  readonly start: string;
  /** The serial of the server's newest write in the log. */
  readonly serial: number;
  /** The serials of the writes in this batch that this server forwarded, each with the outcomes of the write's commands. */
  readonly outcomes: readonly (readonly [number, readonly Outcome[]])[];
}

/** Returns the rows to add to a batch with these forwarded writes. */
export function originRows(forwarded: readonly ForwardedOutcomes[]): readonly RowChange[] {
  const rows = new Map<string, { start: string; serial: number; outcomes: [number, readonly Outcome[]][] }>();
  for (const { origin, outcomes } of forwarded) {
    const row = rows.get(origin.server) ?? { start: origin.start, serial: 0, outcomes: [] };
    rows.set(origin.server, row);
    row.serial = Math.max(row.serial, origin.serial);
    row.outcomes.push([origin.serial, outcomes]);
  }
  return [...rows].map(([key, row]) => ({
    table: storeTables.origins,
    key,
    value: encode(row, { useBigInt64: true, ignoreUndefined: true }),
  }));
}

/** Yields, decoded, those of the rows that belong to the table `origins`. */
export function* originsIn(rows: Iterable<RowChange | Row>): Generator<OriginRow> {
  for (const { table, key, value } of rows) {
    if (table !== storeTables.origins || value === undefined) continue;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `originRows` writes these rows
    const row = decode(value, { useBigInt64: true }) as Omit<OriginRow, "server">;
    yield { ...row, server: key };
  }
}
