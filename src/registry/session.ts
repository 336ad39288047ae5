import type { Session, SessionRow } from "../model/session.ts";
import { getSession, listSessions, sessionsOfNode } from "../state/session.ts";
import { topics } from "../state/topics.ts";
import type { Query } from "./query.ts";
import { throwIfRejected } from "./rejection.ts";
import type { Registry } from "./registry.ts";

/**
 * Creates a session.
 * @throws OperatingError conflict when its node or one of its checks does not exist, or a check is critical
 */
export async function createSession(store: Registry, session: Session): Promise<void> {
  throwIfRejected(await store.submit({ type: "session-create", session }));
}

/** Ends a session. An unknown id is no error. */
export async function destroySession(store: Registry, id: string): Promise<void> {
  await store.submit({ type: "session-destroy", id });
}

/** Returns the query for the session with that id, as a list of at most one session. */
export function sessionList(id: string): Query<readonly SessionRow[]> {
  return {
    topics: [topics.session(id)],
    read(state) {
      const row = getSession(state, id);
      return row ? [row] : [];
    },
  };
}

export function allSessions(): Query<readonly SessionRow[]> {
  return { topics: [topics.sessions], read: listSessions };
}

export function nodeSessions(node: string): Query<readonly SessionRow[]> {
  return { topics: [topics.nodeSessions(node)], read: (state) => sessionsOfNode(state, node) };
}
