import { OperatingError } from "../../lib/errors.ts";
import { uuidFault } from "../../lib/uuid.ts";
import type { Session, SessionRow } from "../../model/session.ts";
import type { Query } from "../../registry/query.ts";
import * as sessions from "../../registry/session.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { parseJson } from "../../wire/json.ts";
import { decodeSession, encodeSession } from "../../wire/session.ts";
import { json, jsonHeaders } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { requireName } from "../parameters.ts";
import { requireDatacenter } from "../query-options.ts";
import { answerQuery, failedReadHeaders } from "../read.ts";

export function createSession(api: Api): Endpoint {
  return async (request) => {
    const body = await request.body(bodyBytesMax);
    const session = decode(api, body.length === 0 ? null : parseJson(body));
    requireDatacenter(request.query, api.datacenter);
    await sessions.createSession(api.store, session);
    return json(request, { ID: session.id });
  };
}

export function destroySession(api: Api): Endpoint {
  return async (request) => {
    const id = requireSessionId(api, request);
    await sessions.destroySession(api.store, id);
    return json(request, true);
  };
}

/** Consul: the answer has no index, since nothing was written. */
export function renewSession(api: Api): Endpoint {
  return (request) => {
    const id = requireSessionId(api, request);
    const session = api.sessionTtls.renew(id);
    if (!session) throw new HttpError(404, `Session id '${id}' not found`);
    return json(request, [encodeSession(session)]);
  };
}

export function getSession(api: Api): Endpoint {
  return (request) => {
    requireName(request.rest, "Missing session");
    requireDatacenter(request.query, api.datacenter, failedReadHeaders);
    return answerSessions(api, request, sessions.sessionList(requireSessionId(api, request)));
  };
}

export function listSessions(api: Api): Endpoint {
  return (request) => answerSessions(api, request, sessions.allSessions());
}

export function listNodeSessions(api: Api): Endpoint {
  return (request) =>
    answerSessions(api, request, sessions.nodeSessions(requireName(request.rest, "Missing node name")));
}

function answerSessions(
  api: Api,
  request: HttpRequest,
  query: Query<readonly SessionRow[]>,
): Response | Promise<Response> {
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  return answerQuery(api, request, query, {
    headers: jsonHeaders,
    body: (rows) => renderGoJson(rows.map(encodeSession), { pretty: request.pretty }),
  });
}

function requireSessionId(api: Api, request: HttpRequest): string {
  const id = requireName(request.rest, "Missing session");
  const headers = request.method === "GET" ? failedReadHeaders : {};
  requireDatacenter(request.query, api.datacenter, headers);
  const fault = uuidFault(id);
  if (fault !== undefined) throw new HttpError(500, `failed session lookup: index error: ${fault}`, headers);
  return id;
}

/** Consul: a session that can be read but is not right is a 500. */
function decode(api: Api, body: unknown): Session {
  try {
    return decodeSession(body, {
      id: api.random.uuid(),
      node: api.agent.node.name,
      ttlMsMin: api.sessionTtlMsMin,
    });
  } catch (error) {
    if (error instanceof OperatingError && error.code === "session-validation") throw new HttpError(500, error.message);
    throw error;
  }
}
