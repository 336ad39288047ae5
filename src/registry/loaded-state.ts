import type { Position, ReplicatedEngine } from "../engine/replicated-engine.ts";
import type { Restore } from "../state/command.ts";
import { openState } from "../state/open-state.ts";
import type { State } from "../state/state.ts";
import { originsIn } from "./origins.ts";

/** By server: its newest write in the log. */
export type NewestWrites = Map<string, { readonly start: string; readonly serial: number }>;

export interface LoadedState {
  readonly state: State;
  readonly position: Position;
  readonly applied: NewestWrites;
}

/**
 * How a new cluster begins: with the data that a server had when it was alone. The first batch of the log has them. The other
 * servers do not lead before they have seen that batch.
 */
export interface Beginning {
  /** The data of this server; undefined if it has none, or another server's go in. */
  readonly state: State | undefined;
  /** Whether another server writes the first batch. */
  readonly isElsewhere: boolean;
}

/** Returns the command with which an empty log gets the data that a server had when it was alone. */
export function restoreOfOwn(snapshot: State): Restore {
  return { type: "restore", snapshot, isOwn: true };
}

/** Loads the state and the newest forwarded writes from the rows of an engine. */
export async function loadState({
  engine,
  firstIndex,
}: {
  readonly engine: ReplicatedEngine;
  /** The index of the first state of a new cluster. */
  readonly firstIndex: number;
}): Promise<LoadedState> {
  const { rows, position, revision } = await engine.load();
  const applied: NewestWrites = new Map();
  for (const { server, start, serial } of originsIn(rows)) applied.set(server, { start, serial });
  return { state: openState(rows, revision === 0 ? firstIndex : revision).state, position, applied };
}
