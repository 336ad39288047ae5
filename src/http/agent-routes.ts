import { type AgentTokenParts, setAgentToken } from "./endpoints/agent-token.ts";
import {
  type AgentParts,
  forceLeave,
  getHost,
  getMetrics,
  getSelf,
  join,
  leave,
  listMembers,
  reload,
} from "./endpoints/agent.ts";
import {
  type AgentCheckParts,
  deregisterAgentCheck,
  listAgentChecks,
  registerAgentCheck,
  setTtlStatus,
  updateTtlCheck,
} from "./endpoints/agent-check.ts";
import { setNodeMaintenance, setServiceMaintenance } from "./endpoints/agent-maintenance.ts";
import { monitor, type MonitorParts } from "./endpoints/agent-monitor.ts";
import {
  type AgentServiceParts,
  deregisterAgentService,
  getAgentService,
  getServiceHealthById,
  getServiceHealthByName,
  listAgentServices,
  registerAgentService,
} from "./endpoints/agent-service.ts";
import type { Route } from "./route.ts";

export type AgentApi = AgentParts & AgentCheckParts & AgentServiceParts & AgentTokenParts & MonitorParts;

/** Returns the routes of this agent's own services, checks and process. */
export function agentRoutes(api: AgentApi): readonly Route[] {
  const agent = { scope: "agent" } as const;
  const asks = { access: "endpoint", scope: "agent", namespaced: true } as const;
  const inNamespace = { access: "token", scope: "agent", namespaced: true } as const;
  return [
    { path: "/v1/agent/check/deregister/", ...inNamespace, methods: { PUT: deregisterAgentCheck(api) } },
    { path: "/v1/agent/check/fail/", ...inNamespace, methods: { PUT: setTtlStatus(api, "critical") } },
    { path: "/v1/agent/check/pass/", ...inNamespace, methods: { PUT: setTtlStatus(api, "passing") } },
    { path: "/v1/agent/check/register", ...asks, methods: { PUT: registerAgentCheck(api) } },
    { path: "/v1/agent/check/update/", ...asks, methods: { PUT: updateTtlCheck(api) } },
    { path: "/v1/agent/check/warn/", ...inNamespace, methods: { PUT: setTtlStatus(api, "warning") } },
    { path: "/v1/agent/checks", ...inNamespace, methods: { GET: listAgentChecks(api) } },
    { path: "/v1/agent/force-leave/", access: "operator:write", ...agent, methods: { PUT: forceLeave(api) } },
    { path: "/v1/agent/health/service/id/", ...inNamespace, methods: { GET: getServiceHealthById(api) } },
    { path: "/v1/agent/health/service/name/", ...inNamespace, methods: { GET: getServiceHealthByName(api) } },
    { path: "/v1/agent/host", access: "operator:read", ...agent, methods: { GET: getHost(api) } },
    { path: "/v1/agent/join/", access: "agent:write", ...agent, methods: { PUT: join(api) } },
    { path: "/v1/agent/leave", access: "agent:write", ...agent, methods: { PUT: leave(api) } },
    { path: "/v1/agent/maintenance", access: "endpoint", ...agent, methods: { PUT: setNodeMaintenance(api) } },
    { path: "/v1/agent/members", access: "token", ...agent, methods: { GET: listMembers(api) } },
    { path: "/v1/agent/metrics", access: "agent:read", ...agent, methods: { GET: getMetrics(api) } },
    { path: "/v1/agent/monitor", access: "agent:read", ...agent, held: "stream", methods: { GET: monitor(api) } },
    { path: "/v1/agent/reload", access: "agent:write", ...agent, methods: { PUT: reload(api) } },
    { path: "/v1/agent/self", access: "agent:read", ...agent, methods: { GET: getSelf(api) } },
    { path: "/v1/agent/service/", ...inNamespace, held: "hash", methods: { GET: getAgentService(api) } },
    { path: "/v1/agent/service/deregister/", ...inNamespace, methods: { PUT: deregisterAgentService(api) } },
    { path: "/v1/agent/service/maintenance/", ...asks, methods: { PUT: setServiceMaintenance(api) } },
    { path: "/v1/agent/service/register", ...asks, methods: { PUT: registerAgentService(api) } },
    { path: "/v1/agent/services", ...inNamespace, methods: { GET: listAgentServices(api) } },
    { path: "/v1/agent/token/", access: "agent:write", ...agent, methods: { PUT: setAgentToken(api) } },
  ];
}
