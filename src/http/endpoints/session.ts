import type { Agent } from "../../agent/agent.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { Random } from "../../lib/random.ts";
import { uuidFault } from "../../lib/uuid.ts";
import type { Session, SessionRow } from "../../model/session.ts";
import type { Query } from "../../registry/query.ts";
import * as sessions from "../../registry/session.ts";
import type { SessionTtls } from "../../registry/session-ttls.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { parseJson } from "../../wire/json.ts";
import { decodeSession, encodeSession } from "../../wire/session.ts";
import { json } from "../answers.ts";
import { demand } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { requireName } from "../parameters.ts";
import { type LeaderAccess, onLeader } from "../on-leader.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint, Operation, Reading } from "../route.ts";

export interface SessionParts {
  readonly sessionTtls: SessionTtls;
  readonly agent: Pick<Agent, "node">;
  readonly sessionTtlMsMin: number;
  readonly random: Random;
}

export function createSession(parts: SessionParts): DatacenterEndpoint {
  return async (request) => {
    const body = await request.body(bodyBytesMax);
    const node = request.agentNode ?? parts.agent.node.name;
    const session = decode(parts, node, body.length === 0 ? null : parseJson(body));
    return async () => {
      await sessions.createSession(request.caller.registry, session);
      return json(request, { ID: session.id });
    };
  };
}

export const destroySession: DatacenterEndpoint = onSession(async (request, id) => {
  await sessions.destroySession(request.caller.registry, id);
  return json(request, true);
});

/**
 * Renews a session. Runs at the leader, which alone has the timers. Consul: the answer has no index header, since nothing was
 * written.
 */
export function renewSession(parts: Pick<SessionParts, "sessionTtls"> & LeaderAccess): DatacenterEndpoint {
  const renew = onSession((request, id, { store }) =>
    whenFresh(store, "leader", () => {
      const session = parts.sessionTtls.renew(id, ({ node }) => demand(request, "session", "write", node));
      if (!session) throw new HttpError(404, `Session id '${id}' not found`);
      return json(request, [encodeSession(session)]);
    }),
  );
  return onLeader(parts, renew);
}

export const getSession: DatacenterEndpoint = onSession((request, id, reading) =>
  answerSessions(request, sessions.sessionList(id))(reading),
);

export const listSessions: DatacenterEndpoint = (request) => answerSessions(request, sessions.allSessions());

export const listNodeSessions: DatacenterEndpoint = (request) =>
  answerSessions(request, sessions.nodeSessions(requireName(request.rest, "Missing node name")));

function answerSessions(request: HttpRequest, query: Query<readonly SessionRow[]>): Operation {
  return answerJson(request, query, (rows) => rows.map(encodeSession));
}

/** Returns an endpoint that runs the operation on the session whose id is the rest of the path. */
function onSession(
  act: (request: HttpRequest, id: string, reading: Reading) => ReturnType<Operation>,
): DatacenterEndpoint {
  return (request) => {
    const id = requireName(request.rest, "Missing session");
    return (reading) => {
      const fault = uuidFault(id);
      if (fault !== undefined) throw new HttpError(500, `failed session lookup: index error: ${fault}`);
      return act(request, id, reading);
    };
  };
}

/** Decodes the body of a request for a session. Consul: a body that is well-formed JSON but an invalid session is a 500. */
function decode({ random, sessionTtlMsMin: ttlMsMin }: SessionParts, node: string, body: unknown): Session {
  try {
    return decodeSession(body, { id: random.uuid(), node, ttlMsMin });
  } catch (error) {
    if (error instanceof OperatingError && error.code === "session-validation") throw new HttpError(500, error.message);
    throw error;
  }
}
