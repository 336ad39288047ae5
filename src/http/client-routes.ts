import { aclRoutes } from "./acl-routes.ts";
import { moved } from "./answers.ts";
import { type EventParts, fireEvent, listEvents } from "./endpoints/event.ts";
import { serveBanner } from "./endpoints/ui.ts";
import { serveFolder } from "./endpoints/ui-folder.ts";
import { json } from "./answers.ts";
import { forward, refuseOnClient, type SendToServer, serverUiPath } from "./forwarding.ts";
import { OperatingError } from "../lib/errors.ts";
import { encodeMember } from "../wire/member.ts";
import { agentRoutes, type AgentApi } from "./agent-routes.ts";
import { forAnyMethod, type UiApi } from "./routes.ts";
import type { Endpoint, Route } from "./route.ts";

export interface ClientApi extends AgentApi, EventParts, Pick<UiApi, "ui"> {
  readonly send: SendToServer;
}

/** The paths under /v1/agent/ that a client agent does not answer as a server does. */
const otherwise: ReadonlySet<string> = new Set(["/v1/agent/force-leave/", "/v1/agent/members"]);

/**
 * Returns the routes of a client agent. It answers for its own services, checks, events and process itself. Everything else
 * goes to a server.
 */
export function clientRoutes(api: ClientApi): readonly Route[] {
  const toServer = forward(api.send);
  const agent = { scope: "agent" } as const;
  return [
    ...agentRoutes(api).filter(({ path }) => !otherwise.has(path)),
    { path: "/v1/agent/members", access: "token", ...agent, methods: { GET: listMembers(api, toServer) } },
    { path: "/v1/event/fire/", access: "token", scope: "datacenter", methods: { PUT: fireEvent(api) } },
    { path: "/v1/event/list", access: "token", ...agent, held: "index", methods: { GET: listEvents(api) } },
    forAnyMethod("/v1/operator/keyring", refuseOnClient("keyring operations must run against a server node")),
    ...aclRoutes(undefined),
    ...uiRoutes(api),
    { ...forAnyMethod("/v1", toServer) },
    { ...forAnyMethod("/v1/", toServer), held: "index" },
    // The router finds keys by this path.
    { ...forAnyMethod("/v1/kv/", toServer), held: "index" },
  ];
}

function uiRoutes({ ui, send }: ClientApi): readonly Route[] {
  if (!ui) return [forAnyMethod("/", serveBanner())];
  const { contentPath, folder } = ui;
  const show =
    folder === undefined
      ? forward(send, (target) => serverUiPath + target.slice(contentPath.length))
      : serveFolder(folder, contentPath);
  return [forAnyMethod("/", ({ method }) => moved(method, contentPath)), forAnyMethod(contentPath, show)];
}

/** Consul: a client agent is in no WAN pool, so its list of that pool is null. */
function listMembers({ members }: Pick<ClientApi, "members">, toServer: Endpoint): Endpoint {
  return async (request) => {
    if ((request.query.get("wan") ?? "") !== "") return json(request, null);
    try {
      return await toServer(request);
    } catch (error) {
      if (!(error instanceof OperatingError) || error.code !== "no-servers") throw error;
      return json(request, members.all.map(encodeMember));
    }
  };
}
