import { isTemplate, type PreparedQueryRow } from "../model/prepared-query.ts";
import type { Outcome, PreparedQueryDelete } from "./command.ts";
import type { Draft } from "./draft.ts";
import { rowKey } from "./row-key.ts";
import type { State } from "./state.ts";
import { preparedQueries } from "./tables/prepared-query.ts";
import { fold } from "./topics.ts";

export function getPreparedQuery(state: State, id: string): PreparedQueryRow | undefined {
  return state.preparedQueries.get(rowKey(id));
}

/** Returns all prepared queries, in order of id. */
export function listPreparedQueries(state: State): PreparedQueryRow[] {
  return [...state.preparedQueries.values()];
}

/** Returns the prepared query with this name in any letter case, else the template whose name is the longest prefix of it. */
export function findPreparedQuery(state: State, name: string): PreparedQueryRow | undefined {
  const folded = fold(name);
  if (folded === "") return undefined;
  const exact = state.preparedQueryNames.get(folded);
  if (exact) return exact;
  for (let length = folded.length - 1; length >= 0; length -= 1) {
    const query = state.preparedQueryNames.get(folded.slice(0, length));
    if (query && isTemplate(query)) return query;
  }
  return undefined;
}

export function deletePreparedQuery(draft: Draft, { id }: PreparedQueryDelete): Outcome {
  const row = getPreparedQuery(draft.state, id);
  if (!row) return { type: "rejected", reason: { code: "unknown-query", id } };
  draft.delete(preparedQueries, row);
  return { type: "done" };
}

/** Deletes the prepared queries of a session that ended. Scans all queries, which are few; sessions end seldom. */
export function deletePreparedQueriesOfSession(draft: Draft, session: string): void {
  for (const row of listPreparedQueries(draft.state)) {
    if (fold(row.session) === fold(session)) draft.delete(preparedQueries, row);
  }
}
