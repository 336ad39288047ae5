import { refreshed } from "./cached.ts";
import { listConnectInstances, listGatewayServices } from "./endpoints/catalog.ts";
import { deleteConfigEntry, getConfigEntries, setConfigEntry } from "./endpoints/config-entry.ts";
import { authorize, getDiscoveryChain, refuse, refuseRead, setCaConfiguration } from "./endpoints/connect.ts";
import {
  type FederationParts,
  getFederationState,
  listFederationStates,
  listMeshGateways,
} from "./endpoints/federation-state.ts";
import { getConnectHealth, getIngressHealth, type HealthParts } from "./endpoints/health.ts";
import {
  checkIntention,
  createIntention,
  deleteIntention,
  getIntention,
  listIntentions,
  matchIntentions,
  updateIntention,
} from "./endpoints/intention.ts";
import { listUiGatewayServices } from "./endpoints/internal-ui.ts";
import type { Route } from "./route.ts";

/**
 * Returns the service mesh's routes. They answer as Consul does without certificates, intentions and gateways of the mesh. An endpoint
 * that answers every request with the same error is open.
 */
export function connectRoutes(api: FederationParts & HealthParts): readonly Route[] {
  const datacenter = { access: "token", scope: "datacenter" } as const;
  const read = { access: "token", scope: "datacenter", held: "index", failsWithMeta: true } as const;
  return [
    {
      path: "/v1/agent/connect/authorize",
      access: "endpoint",
      scope: "agent",
      namespaced: true,
      methods: { POST: authorize },
    },
    {
      path: "/v1/agent/connect/ca/leaf/",
      access: "open",
      scope: "agent",
      namespaced: true,
      options: ["GET"],
      methods: { GET: refuse },
    },
    { path: "/v1/agent/connect/ca/roots", access: "open", scope: "agent", options: ["GET"], methods: { GET: refuse } },
    {
      path: "/v1/catalog/connect/",
      ...read,
      namespaced: true,
      consulCache: refreshed("catalog-services"),
      methods: { GET: listConnectInstances },
    },
    {
      path: "/v1/catalog/gateway-services/",
      ...read,
      namespaced: true,
      methods: { GET: listGatewayServices },
    },
    { path: "/v1/config", ...datacenter, inPrimary: ["PUT"], methods: { PUT: setConfigEntry } },
    {
      path: "/v1/config/",
      ...datacenter,
      namespaced: true,
      held: "index",
      inPrimary: ["DELETE"],
      methods: { GET: getConfigEntries, DELETE: deleteConfigEntry },
    },
    {
      path: "/v1/connect/ca/configuration",
      ...datacenter,
      access: "open",
      methods: { GET: refuse, PUT: setCaConfiguration },
    },
    { path: "/v1/connect/ca/roots", ...datacenter, access: "open", methods: { GET: refuseRead } },
    ...intentionRoutes(),
    ...meshRoutes(api),
  ];
}

function intentionRoutes(): readonly Route[] {
  const datacenter = { access: "token", scope: "datacenter" } as const;
  const read = { access: "token", scope: "datacenter", held: "index", failsWithMeta: true } as const;
  return [
    {
      path: "/v1/connect/intentions",
      ...read,
      methods: { GET: listIntentions, POST: createIntention },
    },
    {
      path: "/v1/connect/intentions/",
      ...datacenter,
      access: { GET: "open" },
      methods: { GET: getIntention, PUT: updateIntention, DELETE: deleteIntention },
    },
    { path: "/v1/connect/intentions/check", ...datacenter, methods: { GET: checkIntention } },
    { path: "/v1/connect/intentions/match", ...datacenter, methods: { GET: matchIntentions } },
  ];
}

function meshRoutes(api: FederationParts & HealthParts): readonly Route[] {
  const datacenter = { access: "token", scope: "datacenter" } as const;
  const read = { access: "token", scope: "datacenter", held: "index", failsWithMeta: true } as const;
  return [
    {
      path: "/v1/discovery-chain/",
      ...datacenter,
      access: "open",
      namespaced: true,
      options: ["GET", "POST"],
      methods: { GET: getDiscoveryChain, POST: getDiscoveryChain },
    },
    {
      path: "/v1/health/connect/",
      ...read,
      namespaced: true,
      consulCache: refreshed("health-services"),
      methods: { GET: getConnectHealth(api) },
    },
    {
      path: "/v1/health/ingress/",
      ...read,
      namespaced: true,
      consulCache: refreshed("health-services"),
      methods: { GET: getIngressHealth(api) },
    },
    {
      path: "/v1/internal/federation-state/",
      ...read,
      access: "operator:read",
      methods: { GET: getFederationState(api) },
    },
    {
      path: "/v1/internal/federation-states",
      ...read,
      access: "operator:read",
      methods: { GET: listFederationStates(api) },
    },
    {
      path: "/v1/internal/federation-states/mesh-gateways",
      ...read,
      methods: { GET: listMeshGateways },
    },
    {
      path: "/v1/internal/ui/gateway-services-nodes/",
      ...read,
      namespaced: true,
      methods: { GET: listUiGatewayServices },
    },
  ];
}
