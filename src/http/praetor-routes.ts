import { type AgentCheckParts, runAgentCheck } from "./endpoints/agent-check.ts";
import { listLogLines } from "./endpoints/agent-log.ts";
import { getApiDescription } from "./endpoints/api-description.ts";
import type { MonitorParts } from "./endpoints/agent-monitor.ts";
import { getChanges } from "./endpoints/changes.ts";
import { type DoctorParts, getFindings } from "./endpoints/doctor.ts";
import { type KeyStreamParts, streamChanges } from "./endpoints/key-stream.ts";
import { countWatchers, findKeys } from "./endpoints/key-search.ts";
import {
  getDifferences,
  getPast,
  type KvHistoryParts,
  listOrigins,
  listVersions,
  reset,
  rollBack,
} from "./endpoints/kv-history.ts";
import { confirmTrial, getTrial, type KvTrialParts, listTrials, startTrial, undoTrial } from "./endpoints/kv-trial.ts";
import { getMetricsSeries, type MetricsSeriesParts } from "./endpoints/metrics-series.ts";
import { getOverview, listTransitions, type OverviewParts } from "./endpoints/overview.ts";
import { getPort, listPorts } from "./endpoints/ports.ts";
import { getLive, getReady, type ReadinessParts } from "./endpoints/readiness.ts";
import { listRegistrations, type RegistrationsParts } from "./endpoints/registrations.ts";
import type { Route } from "./route.ts";

/*
 * The endpoints below /v1/praetor, which Consul does not have. The web UI and the commands top and doctor are their first users. They
 * are cheap enough for a browser that asks at each change, and show nothing that a read of Consul's API would not show to the caller.
 */

export type PraetorAgentApi = AgentCheckParts &
  DoctorParts &
  MonitorParts &
  MetricsSeriesParts &
  ReadinessParts &
  RegistrationsParts;

/** Returns the routes of this agent's own checks and process; a client agent has them, too. */
export function praetorAgentRoutes(api: PraetorAgentApi): readonly Route[] {
  const agent = { scope: "agent" } as const;
  return [
    { path: "/v1/praetor/check/run/", ...agent, access: "token", methods: { PUT: runAgentCheck(api) } },
    { path: "/v1/praetor/doctor", ...agent, access: "agent:read", methods: { GET: getFindings(api) } },
    // Those who probe an agent have no token.
    { path: "/v1/praetor/live", ...agent, access: "open", methods: { GET: getLive(api) } },
    { path: "/v1/praetor/ready", ...agent, access: "open", methods: { GET: getReady(api) } },
    { path: "/v1/praetor/log", ...agent, access: "agent:read", methods: { GET: listLogLines(api) } },
    { path: "/v1/praetor/metrics-series", ...agent, access: "agent:read", methods: { GET: getMetricsSeries(api) } },
    { path: "/v1/praetor/openapi.json", ...agent, access: "open", methods: { GET: getApiDescription } },
    { path: "/v1/praetor/registrations", ...agent, access: "token", methods: { GET: listRegistrations(api) } },
  ];
}

/** Returns the routes that servers answer from the catalog and the keys. */
export function praetorRoutes(api: OverviewParts & KvHistoryParts & KeyStreamParts & KvTrialParts): readonly Route[] {
  const read = { access: "token", scope: "datacenter" } as const;
  return [
    { path: "/v1/praetor/changes", ...read, held: "index", methods: { GET: getChanges(api) } },
    {
      path: "/v1/praetor/changes/",
      ...read,
      held: "stream",
      options: "consistency",
      methods: { GET: streamChanges(api) },
    },
    { path: "/v1/praetor/kv/", ...read, options: "consistency", methods: { GET: getPast(api) } },
    { path: "/v1/praetor/kv-diff/", ...read, options: "consistency", methods: { GET: getDifferences(api) } },
    { path: "/v1/praetor/kv-history/", ...read, held: "index", methods: { GET: listVersions } },
    { path: "/v1/praetor/kv-origin/", ...read, options: "consistency", methods: { GET: listOrigins } },
    { path: "/v1/praetor/kv-reset/", ...read, methods: { PUT: reset(api) } },
    { path: "/v1/praetor/kv-rollback/", ...read, methods: { PUT: rollBack(api) } },
    { path: "/v1/praetor/kv-trial", ...read, methods: { PUT: startTrial(api) } },
    { path: "/v1/praetor/kv-trial/", ...read, held: "index", methods: { GET: getTrial } },
    { path: "/v1/praetor/kv-trial-confirm/", ...read, methods: { PUT: confirmTrial(api) } },
    { path: "/v1/praetor/kv-trial-undo/", ...read, methods: { PUT: undoTrial(api) } },
    { path: "/v1/praetor/kv-trials", ...read, held: "index", methods: { GET: listTrials } },
    { path: "/v1/praetor/overview", ...read, held: "index", methods: { GET: getOverview(api) } },
    { path: "/v1/praetor/ports", ...read, held: "index", methods: { GET: listPorts } },
    { path: "/v1/praetor/ports/", ...read, held: "index", methods: { GET: getPort } },
    { path: "/v1/praetor/search", ...read, options: "consistency", methods: { GET: findKeys } },
    { path: "/v1/praetor/transitions", ...read, options: "consistency", methods: { GET: listTransitions(api) } },
    { path: "/v1/praetor/watchers/", ...read, options: "consistency", methods: { GET: countWatchers } },
  ];
}
