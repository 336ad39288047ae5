import { aclRoutes, profileRoute } from "./acl-routes.ts";
import { listMembers as listAgentMembers } from "./endpoints/agent.ts";
import { type EventParts, fireEvent, listEvents } from "./endpoints/event.ts";
import { serveBanner } from "./endpoints/ui.ts";
import { json } from "./answers.ts";
import { forward, refuseOnClient, type SendToServer, serverUiPath } from "./forwarding.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Member } from "../model/member.ts";
import { agentRoutes, type AgentApi } from "./agent-routes.ts";
import { type PraetorAgentApi, praetorAgentRoutes } from "./praetor-routes.ts";
import { forAnyMethod, type UiApi, uiRoutesOf } from "./routes.ts";
import type { Endpoint, Route } from "./route.ts";

export interface ClientApi extends AgentApi, PraetorAgentApi, EventParts, Pick<UiApi, "ui"> {
  readonly send: SendToServer;
  /** Asks a server for all members. @throws OperatingError unavailable "no-servers" */
  readonly askMembers: () => Promise<readonly Member[]>;
}

/** The paths under /v1/agent/ that a client agent does not answer as a server does. */
const otherwise: ReadonlySet<string> = new Set(["/v1/agent/force-leave/", "/v1/agent/members"]);

/**
 * Returns the routes of a client agent. It answers for its own services, checks, events and process itself. Everything else
 * goes to a server.
 */
export function clientRoutes(api: ClientApi): readonly Route[] {
  const agentToken = (): string => api.agentTokens?.default ?? "";
  const toServer = forward(api.send, { agentToken });
  const agent = { scope: "agent" } as const;
  return [
    ...agentRoutes(api).filter(({ path }) => !otherwise.has(path)),
    ...praetorAgentRoutes(api),
    { path: "/v1/agent/force-leave/", access: "operator:write", ...agent, methods: { PUT: toServer } },
    { path: "/v1/agent/members", access: "token", ...agent, methods: { GET: listMembers(api) } },
    { path: "/v1/event/fire/", access: "token", scope: "datacenter", methods: { PUT: fireEvent(api) } },
    { path: "/v1/event/list", access: "token", ...agent, held: "index", methods: { GET: listEvents(api) } },
    forAnyMethod("/v1/operator/keyring", refuseOnClient("keyring operations must run against a server node")),
    ...(api.agentTokens ? [profileRoute] : aclRoutes(undefined)),
    ...uiRoutes(api, agentToken),
    { ...forAnyMethod("/v1", toServer) },
    { ...forAnyMethod("/v1/", toServer), held: "index" },
    // The router finds keys by this path.
    { ...forAnyMethod("/v1/kv/", toServer), held: "index" },
  ];
}

/** Returns the routes of the UI. A client agent serves the files itself, and has the page without scripts from a server. */
function uiRoutes({ ui, send }: ClientApi, agentToken: () => string): readonly Route[] {
  if (!ui) return [forAnyMethod("/", serveBanner())];
  const { contentPath } = ui;
  return uiRoutesOf(
    ui,
    forward(send, { agentToken, targetFor: (target) => serverUiPath + target.slice(contentPath.length) }),
  );
}

/** Consul: a client agent is in no WAN pool, so its list of that pool is null. */
function listMembers({ askMembers, members }: Pick<ClientApi, "askMembers" | "members">): Endpoint {
  return async (request) => {
    if ((request.query.get("wan") ?? "") !== "") return json(request, null);
    try {
      return listAgentMembers({ members: { ...members, all: await askMembers() } })(request);
    } catch (error) {
      // A server of an earlier version does not know the question.
      if (!(error instanceof OperatingError) || !["no-servers", "unknown-call"].includes(error.code)) throw error;
      return listAgentMembers({ members })(request);
    }
  };
}
