import { uuidFault } from "../lib/uuid.ts";
import { checkIdsOf, lockDelayMsMax, type SessionRow } from "../model/session.ts";
import type { Outcome, Rejection, SessionCreate, SessionDestroy } from "./command.ts";
import type { Draft } from "./draft.ts";
import { removeKv, storeKv } from "./kv.ts";
import { delayLock, forgetOldDelays } from "./lock-delay.ts";
import { getCheck, getNode } from "./lookup.ts";
import { deletePreparedQueriesOfSession } from "./prepared-query.ts";
import { rowKey } from "./row-key.ts";
import type { State } from "./state.ts";
import { sessions } from "./tables/session.ts";

export function getSession(state: State, id: string): SessionRow | undefined {
  return state.sessions.get(rowKey(id));
}

/** Returns all sessions, in order of id. */
export function listSessions(state: State): SessionRow[] {
  return [...state.sessions.values()];
}

/** Returns the sessions of a node, in order of id. */
export function sessionsOfNode(state: State, node: string): SessionRow[] {
  return [...state.nodeSessions.startingWith(rowKey(node))].map(([, row]) => row);
}

/** Returns the session or a rejection. Consul: an id that is not a UUID gets another error than an unknown UUID. */
export function findSession(state: State, id: string): SessionRow | Rejection {
  const fault = uuidFault(id);
  if (fault !== undefined) return { code: "invalid-session-id", fault };
  return getSession(state, id) ?? { code: "unknown-session", id };
}

export function createSession(draft: Draft, { session }: SessionCreate): Outcome {
  const reason = faultOf(draft.state, session);
  if (reason) return { type: "rejected", reason };
  const row: SessionRow = { ...session, createIndex: draft.index, modifyIndex: draft.index };
  draft.put(sessions, row, undefined);
  return { type: "done" };
}

function faultOf(state: State, session: SessionCreate["session"]): Rejection | undefined {
  if (!getNode(state, session.node)) return { code: "unknown-node" };
  for (const id of checkIdsOf(session)) {
    const check = getCheck(state, session.node, id);
    if (!check) return { code: "unknown-check", id };
    if (check.status === "critical") return { code: "critical-check", id };
  }
  return undefined;
}

/** Ends a session. Consul: destroying an unknown session is no error. */
export function destroySession(draft: Draft, { id }: SessionDestroy): Outcome {
  const row = getSession(draft.state, id);
  if (row) endSession(draft, row);
  return { type: "done" };
}

/** Ends the sessions that depend on a check. The caller has set the check to critical or deletes it. */
export function endSessionsOfCheck(draft: Draft, node: string, check: string): void {
  for (const [, id] of draft.state.checkSessions.startingWith(rowKey(node, check))) {
    const row = getSession(draft.state, id);
    if (row) endSession(draft, row);
  }
}

export function endSessionsOfNode(draft: Draft, node: string): void {
  for (const row of sessionsOfNode(draft.state, node)) endSession(draft, row);
}

/** Deletes the session and its prepared queries, and releases or deletes the keys that it locks, in the same command. */
function endSession(draft: Draft, row: SessionRow): void {
  const { state } = draft;
  draft.delete(sessions, row);
  deletePreparedQueriesOfSession(draft, row.id);
  forgetOldDelays(draft);
  const delayMs = Math.min(row.lockDelayMs, lockDelayMsMax);
  for (const [, key] of state.sessionKeys.startingWith(rowKey(row.id))) {
    const entry = state.kv.get(key);
    if (!entry) continue;
    if (row.behavior === "delete") removeKv(draft, entry);
    else storeKv(draft, { ...entry, session: "", modifyIndex: draft.index }, entry);
    if (delayMs > 0) delayLock(draft, entry.key, delayMs);
  }
}
