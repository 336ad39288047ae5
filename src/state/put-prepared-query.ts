import { OperatingError } from "../lib/errors.ts";
import { isUuid } from "../lib/uuid.ts";
import { isTemplate, type PreparedQuery, type PreparedQueryRow } from "../model/prepared-query.ts";
import { renderTemplate } from "../model/query-template.ts";
import type { Outcome, PreparedQueryPut, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getPreparedQuery } from "./prepared-query.ts";
import { findSession } from "./session.ts";
import type { State } from "./state.ts";
import { preparedQueries } from "./tables/prepared-query.ts";
import { fold } from "./topics.ts";

/** Writes a prepared query. Consul: raises the index even if the query is the same as before. */
export function putPreparedQuery(draft: Draft, { query, update }: PreparedQueryPut): Outcome {
  const known = getPreparedQuery(draft.state, query.id);
  const reason = update && !known ? unknownQuery(query.id) : faultOf(draft.state, query);
  if (reason) return { type: "rejected", reason };
  const row: PreparedQueryRow = {
    ...query,
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  draft.put(preparedQueries, row, known);
  return { type: "done" };
}

function unknownQuery(id: string): Rejection {
  return { code: "unknown-query", id };
}

function faultOf(state: State, query: PreparedQuery): Rejection | undefined {
  return nameTaken(state, query) ?? sessionFault(state, query.session) ?? templateFault(query);
}

function nameTaken(state: State, query: PreparedQuery): Rejection | undefined {
  const { id, name } = query;
  const other = isTemplate(query) || name !== "" ? state.preparedQueryNames.get(fold(name)) : undefined;
  if (other && fold(other.id) !== fold(id)) {
    return name === "" ? { code: "second-catch-all" } : { code: "query-name-taken", name, by: "name" };
  }
  // Consul: clients ask for a query by id or name, so no name may be the id of another query.
  if (isUuid(name) && getPreparedQuery(state, name)) return { code: "query-name-taken", name, by: "ID" };
  return undefined;
}

function sessionFault(state: State, session: string): Rejection | undefined {
  if (session === "") return undefined;
  const found = findSession(state, session);
  if (!("code" in found)) return undefined;
  return found.code === "invalid-session-id" ? { code: "invalid-query-session", fault: found.fault } : found;
}

/** Returns why the template cannot be rendered. Consul: renders it once for its own name, the shortest name that it matches. */
function templateFault(query: PreparedQuery): Rejection | undefined {
  if (!isTemplate(query)) return undefined;
  try {
    renderTemplate(query, query.name);
    return undefined;
  } catch (cause) {
    if (!(cause instanceof OperatingError)) throw cause;
    return { code: "unusable-template", fault: cause.message };
  }
}
