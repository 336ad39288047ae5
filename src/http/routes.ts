import type { Pipeline } from "./answer-by-route.ts";
import { refreshed } from "./cached.ts";
import { agentRoutes } from "./agent-routes.ts";
import type { AclParts } from "./acl-object-routes.ts";
import { aclRoutes } from "./acl-routes.ts";
import { connectRoutes } from "./connect-routes.ts";
import {
  type CatalogParts,
  deregisterFromCatalog,
  getNode,
  listDatacenters,
  listNodes,
  listNodeServices,
  listServiceInstances,
  listServices,
  registerInCatalog,
} from "./endpoints/catalog.ts";
import {
  type CoordinateParts,
  getNodeCoordinate,
  unlessDisabled,
  listCoordinateDatacenters,
  listCoordinates,
  updateCoordinate,
} from "./endpoints/coordinate.ts";
import { type EventParts, fireEvent, listEvents } from "./endpoints/event.ts";
import {
  getChecksInState,
  getNodeHealth,
  getServiceChecks,
  getServiceHealth,
  type HealthParts,
} from "./endpoints/health.ts";
import { getUiNode, listUiNodes, listUiServices, type UiApiParts } from "./endpoints/internal-ui.ts";
import { deleteKey, getKey, type KvParts, putKey } from "./endpoints/kv.ts";
import {
  createPreparedQuery,
  deletePreparedQuery,
  getPreparedQuery,
  listPreparedQueries,
  type PreparedQueryParts,
  updatePreparedQuery,
} from "./endpoints/prepared-query.ts";
import {
  createSession,
  destroySession,
  getSession,
  listNodeSessions,
  listSessions,
  renewSession,
  type SessionParts,
} from "./endpoints/session.ts";
import {
  changeKeys,
  getAutopilot,
  getAutopilotHealth,
  getRaftConfiguration,
  listKeys,
  type OperatorParts,
  putAutopilot,
  removePeer,
} from "./endpoints/operator.ts";
import { restoreSnapshot, saveSnapshot, type SnapshotParts } from "./endpoints/snapshot.ts";
import { getLeader, listPeers } from "./endpoints/status.ts";
import { transact, type TxnParts } from "./endpoints/txn.ts";
import { redirectToUi, serveBanner, showPlainPage, type UiParts } from "./endpoints/ui.ts";
import { serveUi, type WebPages } from "./endpoints/ui-files.ts";
import { serveFolder } from "./endpoints/ui-folder.ts";
import { type LeaderAccess, onLeader } from "./on-leader.ts";
import { type PraetorAgentApi, praetorAgentRoutes, praetorRoutes } from "./praetor-routes.ts";
import type { Access, DatacenterEndpoint, Endpoint, Route } from "./route.ts";
import type { WebFiles } from "./web-files.ts";

/** All parts of an agent that the endpoints use. */
export type Api = Pipeline &
  Parameters<typeof agentRoutes>[0] &
  PraetorAgentApi &
  Parameters<typeof praetorRoutes>[0] &
  Parameters<typeof catalogRoutes>[0] &
  Parameters<typeof datacenterRoutes>[0] &
  Parameters<typeof operatorRoutes>[0] &
  Parameters<typeof connectRoutes>[0] &
  Parameters<typeof uiRoutes>[0] & {
    /** The parts of access control's endpoints; undefined while access control is disabled. */
    readonly acl: AclParts | undefined;
  };

/** Returns all routes of the HTTP API, one for each path. GET is listed first, as in each Allow header of Consul. */
export function routes(api: Api): readonly Route[] {
  return [
    ...agentRoutes(api),
    ...praetorAgentRoutes(api),
    ...praetorRoutes(api),
    ...catalogRoutes(api),
    ...datacenterRoutes(api),
    ...operatorRoutes(api),
    ...aclRoutes(api.acl),
    ...connectRoutes(api),
    ...uiRoutes(api),
  ];
}

function catalogRoutes(api: CatalogParts & HealthParts & UiApiParts): readonly Route[] {
  const list = { access: "token", scope: "datacenter", namespaced: true, held: "index", failsWithMeta: true } as const;
  return [
    {
      path: "/v1/catalog/datacenters",
      access: "open",
      scope: "agent",
      options: "consistency",
      consulCache: { kind: "simple", type: "catalog-datacenters", parameters: [] },
      methods: { GET: listDatacenters(api) },
    },
    {
      path: "/v1/catalog/deregister",
      access: "endpoint",
      scope: "body",
      namespaced: true,
      methods: { PUT: deregisterFromCatalog(api) },
    },
    { path: "/v1/catalog/node/", ...list, methods: { GET: getNode } },
    { path: "/v1/catalog/node-services/", ...list, methods: { GET: listNodeServices } },
    {
      path: "/v1/catalog/nodes",
      access: "token",
      scope: "datacenter",
      held: "index",
      failsWithMeta: true,
      methods: { GET: listNodes },
    },
    {
      path: "/v1/catalog/register",
      access: "endpoint",
      scope: "body",
      namespaced: true,
      methods: { PUT: registerInCatalog(api) },
    },
    {
      path: "/v1/catalog/service/",
      ...list,
      consulCache: refreshed("catalog-services"),
      methods: { GET: listServiceInstances },
    },
    {
      path: "/v1/catalog/services",
      ...list,
      consulCache: refreshed("catalog-list-services"),
      methods: { GET: listServices },
    },
    { path: "/v1/health/checks/", ...list, methods: { GET: getServiceChecks(api) } },
    { path: "/v1/health/node/", ...list, methods: { GET: getNodeHealth(api) } },
    {
      path: "/v1/health/service/",
      ...list,
      consulCache: refreshed("health-services"),
      methods: { GET: getServiceHealth(api) },
    },
    { path: "/v1/health/state/", ...list, methods: { GET: getChecksInState(api) } },
    { path: "/v1/internal/ui/node/", ...list, methods: { GET: getUiNode(api) } },
    { path: "/v1/internal/ui/nodes", ...list, methods: { GET: listUiNodes(api) } },
    { path: "/v1/internal/ui/services", ...list, methods: { GET: listUiServices } },
  ];
}

type DatacenterApi = CoordinateParts &
  EventParts &
  KvParts &
  LeaderAccess &
  PreparedQueryParts &
  SessionParts &
  TxnParts;

function datacenterRoutes(api: DatacenterApi): readonly Route[] {
  const datacenter = { access: "token", scope: "datacenter" } as const;
  const read = { access: "token", scope: "datacenter", held: "index", failsWithMeta: true } as const;
  // The leader alone has the coordinates of all nodes.
  const readCoordinates = (endpoint: DatacenterEndpoint): DatacenterEndpoint =>
    unlessDisabled(api, onLeader(api, endpoint, { staleHere: true }));
  return [
    {
      path: "/v1/coordinate/datacenters",
      access: "open",
      scope: "agent",
      methods: { GET: unlessDisabled(api, listCoordinateDatacenters(api)) },
    },
    {
      path: "/v1/coordinate/node/",
      ...read,
      methods: { GET: readCoordinates(getNodeCoordinate(api)) },
    },
    { path: "/v1/coordinate/nodes", ...read, methods: { GET: readCoordinates(listCoordinates(api)) } },
    {
      path: "/v1/coordinate/update",
      ...datacenter,
      methods: { PUT: unlessDisabled(api, onLeader(api, updateCoordinate(api))) },
    },
    { path: "/v1/event/fire/", ...datacenter, methods: { PUT: fireEvent(api) } },
    { path: "/v1/event/list", access: "token", scope: "agent", held: "index", methods: { GET: listEvents(api) } },
    {
      path: "/v1/kv/",
      ...datacenter,
      namespaced: true,
      held: "index",
      options: ["GET", "PUT", "DELETE"],
      methods: { GET: getKey(api), PUT: putKey(api), DELETE: deleteKey },
    },
    {
      path: "/v1/query",
      ...read,
      methods: { GET: listPreparedQueries, POST: createPreparedQuery(api) },
    },
    {
      path: "/v1/query/",
      ...read,
      access: { GET: "endpoint" },
      consulCache: {
        kind: "simple",
        type: "prepared-query",
        parameters: ["connect", "limit"],
        pathEnd: "/execute",
      },
      methods: { GET: getPreparedQuery(api), PUT: updatePreparedQuery, DELETE: deletePreparedQuery },
    },
    {
      path: "/v1/session/create",
      ...datacenter,
      namespaced: true,
      methods: { PUT: createSession(api) },
    },
    {
      path: "/v1/session/destroy/",
      ...datacenter,
      namespaced: true,
      methods: { PUT: destroySession },
    },
    { path: "/v1/session/info/", ...read, namespaced: true, methods: { GET: getSession } },
    { path: "/v1/session/list", ...read, namespaced: true, methods: { GET: listSessions } },
    { path: "/v1/session/node/", ...read, namespaced: true, methods: { GET: listNodeSessions } },
    {
      path: "/v1/session/renew/",
      ...datacenter,
      namespaced: true,
      options: ["PUT"],
      methods: { PUT: renewSession(api) },
    },
    { path: "/v1/txn", ...datacenter, methods: { PUT: transact(api) } },
  ];
}

function operatorRoutes(api: OperatorParts & SnapshotParts & LeaderAccess): readonly Route[] {
  const datacenter = { access: "token", scope: "datacenter" } as const;
  const changeKeyring = changeKeys(api);
  return [
    {
      path: "/v1/operator/autopilot/configuration",
      ...datacenter,
      access: { GET: "operator:read", PUT: "operator:write" },
      methods: { GET: getAutopilot, PUT: putAutopilot(api) },
    },
    {
      path: "/v1/operator/autopilot/health",
      ...datacenter,
      access: "operator:read",
      methods: { GET: onLeader(api, getAutopilotHealth(api)) },
    },
    {
      path: "/v1/operator/keyring",
      access: "token",
      scope: "agent",
      methods: { GET: listKeys(api), POST: changeKeyring, PUT: changeKeyring, DELETE: changeKeyring },
    },
    {
      path: "/v1/operator/raft/peer",
      ...datacenter,
      access: "operator:write",
      methods: { DELETE: onLeader(api, removePeer(api)) },
    },
    {
      path: "/v1/operator/raft/configuration",
      ...datacenter,
      access: "operator:read",
      methods: { GET: onLeader(api, getRaftConfiguration(api), { staleHere: true }) },
    },
    {
      path: "/v1/snapshot",
      ...datacenter,
      access: "acl:write",
      options: [],
      methods: { GET: saveSnapshot(api), PUT: restoreSnapshot(api) },
    },
    { path: "/v1/status/leader", ...datacenter, access: "open", methods: { GET: getLeader(api) } },
    { path: "/v1/status/peers", ...datacenter, access: "open", methods: { GET: listPeers(api) } },
  ];
}

/** The parts of the agent that the browser UI uses. The UI is the built-in one, or a folder in its place. */
export interface UiApi extends UiParts {
  /** Where the UI is served; undefined if it is disabled. */
  readonly ui: UiPlace | undefined;
}

export interface UiPlace extends WebPages {
  /** The files of the built-in UI, or the path of the folder that is served in its place. */
  readonly pages: WebFiles | string;
}

function uiRoutes(api: UiApi): readonly Route[] {
  const { ui } = api;
  if (!ui) return [forAnyMethod("/", serveBanner())];
  return uiRoutesOf(ui, showPlainPage(api, ui.contentPath));
}

/** Returns the routes of the UI. @param plain the endpoint of the built-in UI's page without scripts */
export function uiRoutesOf(place: UiPlace, plain: Endpoint): readonly Route[] {
  const { contentPath, pages } = place;
  const root = forAnyMethod("/", redirectToUi(contentPath));
  if (typeof pages === "string") return [root, forAnyMethod(contentPath, serveFolder(pages, contentPath))];
  return [root, forAnyMethod(contentPath, serveUi(pages, place)), forAnyMethod(`${contentPath}plain`, plain)];
}

/** Returns a route with one endpoint for all methods. Consul: outside the API no method is refused. */
export function forAnyMethod(path: string, endpoint: Endpoint, access: Access = "open"): Route {
  return { path, access, scope: "agent", methods: { GET: endpoint }, any: endpoint };
}
