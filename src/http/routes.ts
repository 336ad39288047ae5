import type { Api, Endpoint, Route, UiPlace } from "./api.ts";
import { refreshedInBackground, simplyCached } from "./cached.ts";
import { forceLeave, getHost, getSelf, join, leave, listMembers, reload } from "./endpoints/agent.ts";
import {
  deregisterAgentCheck,
  listAgentChecks,
  registerAgentCheck,
  setTtlStatus,
  updateTtlCheck,
} from "./endpoints/agent-check.ts";
import { setNodeMaintenance, setServiceMaintenance } from "./endpoints/agent-maintenance.ts";
import { aclRoutes } from "./acl-routes.ts";
import { connectRoutes } from "./connect-routes.ts";
import { getMetrics } from "./endpoints/agent-metrics.ts";
import { monitor } from "./endpoints/agent-monitor.ts";
import {
  deregisterAgentService,
  getAgentService,
  getServiceHealthById,
  getServiceHealthByName,
  listAgentServices,
  registerAgentService,
} from "./endpoints/agent-service.ts";
import {
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
  getNodeCoordinate,
  unlessDisabled,
  listCoordinateDatacenters,
  listCoordinates,
  updateCoordinate,
} from "./endpoints/coordinate.ts";
import { fireEvent, listEvents } from "./endpoints/event.ts";
import { getChecksInState, getNodeHealth, getServiceChecks, getServiceHealth } from "./endpoints/health.ts";
import { getUiNode, listUiNodes, listUiServices } from "./endpoints/internal-ui.ts";
import { deleteKey, getKey, putKey } from "./endpoints/kv.ts";
import { getPort, listPorts } from "./endpoints/ports.ts";
import {
  createPreparedQuery,
  deletePreparedQuery,
  getPreparedQuery,
  listPreparedQueries,
  updatePreparedQuery,
} from "./endpoints/prepared-query.ts";
import {
  createSession,
  destroySession,
  getSession,
  listNodeSessions,
  listSessions,
  renewSession,
} from "./endpoints/session.ts";
import {
  changeKeys,
  getAutopilot,
  getAutopilotHealth,
  getRaftConfiguration,
  listKeys,
  removePeer,
  setAutopilot,
} from "./endpoints/operator.ts";
import { restoreSnapshot, saveSnapshot } from "./endpoints/snapshot.ts";
import { getLeader, listPeers } from "./endpoints/status.ts";
import { transact } from "./endpoints/txn.ts";
import { redirectToUi, serveBanner, showOverview } from "./endpoints/ui.ts";
import { serveFolder } from "./endpoints/ui-folder.ts";

/** The whole HTTP surface. A path that ends in "/" takes in all below it; GET stands first in each Allow header. */
export function routes(api: Api): readonly Route[] {
  return [
    ...agentRoutes(api),
    {
      path: "/v1/catalog/datacenters",
      methods: { GET: simplyCached(api, { type: "catalog-datacenters", parameters: [] }, listDatacenters(api)) },
    },
    { path: "/v1/catalog/deregister", methods: { PUT: deregisterFromCatalog(api) } },
    { path: "/v1/catalog/node/", methods: { GET: getNode(api) } },
    { path: "/v1/catalog/node-services/", methods: { GET: listNodeServices(api) } },
    { path: "/v1/catalog/nodes", methods: { GET: listNodes(api) } },
    { path: "/v1/catalog/register", methods: { PUT: registerInCatalog(api) } },
    {
      path: "/v1/catalog/service/",
      methods: { GET: refreshedInBackground(api, "catalog-services", listServiceInstances(api)) },
    },
    {
      path: "/v1/catalog/services",
      methods: { GET: refreshedInBackground(api, "catalog-list-services", listServices(api)) },
    },
    { path: "/v1/coordinate/datacenters", methods: { GET: unlessDisabled(api, listCoordinateDatacenters(api)) } },
    { path: "/v1/coordinate/node/", methods: { GET: unlessDisabled(api, getNodeCoordinate(api)) } },
    { path: "/v1/coordinate/nodes", methods: { GET: unlessDisabled(api, listCoordinates(api)) } },
    { path: "/v1/coordinate/update", methods: { PUT: unlessDisabled(api, updateCoordinate(api)) } },
    { path: "/v1/event/fire/", methods: { PUT: fireEvent(api) } },
    { path: "/v1/event/list", methods: { GET: listEvents(api) } },
    { path: "/v1/health/checks/", methods: { GET: getServiceChecks(api) } },
    { path: "/v1/health/node/", methods: { GET: getNodeHealth(api) } },
    {
      path: "/v1/health/service/",
      methods: { GET: refreshedInBackground(api, "health-services", getServiceHealth(api)) },
    },
    { path: "/v1/health/state/", methods: { GET: getChecksInState(api) } },
    { path: "/v1/internal/ui/node/", methods: { GET: getUiNode(api) } },
    { path: "/v1/internal/ui/nodes", methods: { GET: listUiNodes(api) } },
    { path: "/v1/internal/ui/services", methods: { GET: listUiServices(api) } },
    { path: "/v1/kv/", methods: { GET: getKey(api), PUT: putKey(api), DELETE: deleteKey(api) } },
    { path: "/v1/praetor/ports", methods: { GET: listPorts(api) } },
    { path: "/v1/praetor/ports/", methods: { GET: getPort(api) } },
    { path: "/v1/query", methods: { GET: listPreparedQueries(api), POST: createPreparedQuery(api) } },
    { path: "/v1/query/", methods: preparedQueryMethods(api) },
    { path: "/v1/session/create", methods: { PUT: createSession(api) } },
    { path: "/v1/session/destroy/", methods: { PUT: destroySession(api) } },
    { path: "/v1/session/info/", methods: { GET: getSession(api) } },
    { path: "/v1/session/list", methods: { GET: listSessions(api) } },
    { path: "/v1/session/node/", methods: { GET: listNodeSessions(api) } },
    { path: "/v1/session/renew/", methods: { PUT: renewSession(api) } },
    { path: "/v1/operator/autopilot/configuration", methods: { GET: getAutopilot(api), PUT: setAutopilot(api) } },
    { path: "/v1/operator/autopilot/health", methods: { GET: getAutopilotHealth(api) } },
    { path: "/v1/operator/keyring", methods: keyringMethods(api) },
    { path: "/v1/operator/raft/peer", methods: { DELETE: removePeer(api) } },
    { path: "/v1/operator/raft/configuration", methods: { GET: getRaftConfiguration(api) } },
    { path: "/v1/snapshot", methods: { GET: saveSnapshot(api), PUT: restoreSnapshot(api) } },
    { path: "/v1/status/leader", methods: { GET: getLeader(api) } },
    { path: "/v1/status/peers", methods: { GET: listPeers(api) } },
    { path: "/v1/txn", methods: { PUT: transact(api) } },
    ...aclRoutes(),
    ...connectRoutes(api),
    ...uiRoutes(api),
  ];
}

function agentRoutes(api: Api): readonly Route[] {
  return [
    { path: "/v1/agent/check/deregister/", methods: { PUT: deregisterAgentCheck(api) } },
    { path: "/v1/agent/check/fail/", methods: { PUT: setTtlStatus(api, "critical") } },
    { path: "/v1/agent/check/pass/", methods: { PUT: setTtlStatus(api, "passing") } },
    { path: "/v1/agent/check/register", methods: { PUT: registerAgentCheck(api) } },
    { path: "/v1/agent/check/update/", methods: { PUT: updateTtlCheck(api) } },
    { path: "/v1/agent/check/warn/", methods: { PUT: setTtlStatus(api, "warning") } },
    { path: "/v1/agent/checks", methods: { GET: listAgentChecks(api) } },
    { path: "/v1/agent/force-leave/", methods: { PUT: forceLeave(api) } },
    { path: "/v1/agent/health/service/id/", methods: { GET: getServiceHealthById(api) } },
    { path: "/v1/agent/health/service/name/", methods: { GET: getServiceHealthByName(api) } },
    { path: "/v1/agent/host", methods: { GET: getHost(api) } },
    { path: "/v1/agent/join/", methods: { PUT: join(api) } },
    { path: "/v1/agent/leave", methods: { PUT: leave(api) } },
    { path: "/v1/agent/maintenance", methods: { PUT: setNodeMaintenance(api) } },
    { path: "/v1/agent/members", methods: { GET: listMembers(api) } },
    { path: "/v1/agent/metrics", methods: { GET: getMetrics(api) } },
    { path: "/v1/agent/monitor", methods: { GET: monitor(api) } },
    { path: "/v1/agent/reload", methods: { PUT: reload(api) } },
    { path: "/v1/agent/self", methods: { GET: getSelf(api) } },
    { path: "/v1/agent/service/", methods: { GET: getAgentService(api) } },
    { path: "/v1/agent/service/deregister/", methods: { PUT: deregisterAgentService(api) } },
    { path: "/v1/agent/service/maintenance/", methods: { PUT: setServiceMaintenance(api) } },
    { path: "/v1/agent/service/register", methods: { PUT: registerAgentService(api) } },
    { path: "/v1/agent/services", methods: { GET: listAgentServices(api) } },
  ];
}

function keyringMethods(api: Api): Route["methods"] {
  const change = changeKeys(api);
  return { GET: listKeys(api), POST: change, PUT: change, DELETE: change };
}

function preparedQueryMethods(api: Api): Route["methods"] {
  return { GET: getPreparedQuery(api), PUT: updatePreparedQuery(api), DELETE: deletePreparedQuery(api) };
}

function uiRoutes(api: Api): readonly Route[] {
  const { ui } = api;
  if (!ui) return [forAnyMethod("/", serveBanner())];
  return [forAnyMethod("/", redirectToUi(ui.contentPath)), forAnyMethod(ui.contentPath, showUi(api, ui))];
}

/** Consul: outside the API no method is refused. */
function forAnyMethod(path: string, endpoint: Endpoint): Route {
  return { path, methods: { GET: endpoint }, any: endpoint };
}

function showUi(api: Api, { folder, contentPath }: UiPlace): Endpoint {
  return folder === undefined ? showOverview(api) : serveFolder(folder, contentPath);
}
