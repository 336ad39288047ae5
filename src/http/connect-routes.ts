import type { Api, Route } from "./api.ts";
import { refreshedInBackground } from "./cached.ts";
import { listConnectInstances, listGatewayServices } from "./endpoints/catalog.ts";
import { deleteConfigEntry, getConfigEntries, setConfigEntry } from "./endpoints/config-entry.ts";
import { authorize, getDiscoveryChain, refuse, refuseRead, setCaConfiguration } from "./endpoints/connect.ts";
import { getFederationState, listFederationStates, listMeshGateways } from "./endpoints/federation-state.ts";
import { getConnectHealth, getIngressHealth } from "./endpoints/health.ts";
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

/** The service mesh, as a Consul without it answers: no certificates, no intentions, no gateways. */
export function connectRoutes(api: Api): readonly Route[] {
  return [
    { path: "/v1/agent/connect/authorize", methods: { POST: authorize } },
    { path: "/v1/agent/connect/ca/leaf/", methods: { GET: refuse } },
    { path: "/v1/agent/connect/ca/roots", methods: { GET: refuse } },
    {
      path: "/v1/catalog/connect/",
      methods: { GET: refreshedInBackground(api, "catalog-services", listConnectInstances(api)) },
    },
    { path: "/v1/catalog/gateway-services/", methods: { GET: listGatewayServices(api) } },
    { path: "/v1/config", methods: { PUT: setConfigEntry } },
    { path: "/v1/config/", methods: { GET: getConfigEntries(api), DELETE: deleteConfigEntry } },
    { path: "/v1/connect/ca/configuration", methods: { GET: refuse, PUT: setCaConfiguration } },
    { path: "/v1/connect/ca/roots", methods: { GET: refuseRead } },
    { path: "/v1/connect/intentions", methods: { GET: listIntentions(api), POST: createIntention(api) } },
    {
      path: "/v1/connect/intentions/",
      methods: { GET: getIntention(api), PUT: updateIntention(api), DELETE: deleteIntention(api) },
    },
    { path: "/v1/connect/intentions/check", methods: { GET: checkIntention(api) } },
    { path: "/v1/connect/intentions/match", methods: { GET: matchIntentions(api) } },
    { path: "/v1/discovery-chain/", methods: { GET: getDiscoveryChain, POST: getDiscoveryChain } },
    {
      path: "/v1/health/connect/",
      methods: { GET: refreshedInBackground(api, "health-services", getConnectHealth(api)) },
    },
    {
      path: "/v1/health/ingress/",
      methods: { GET: refreshedInBackground(api, "health-services", getIngressHealth(api)) },
    },
    { path: "/v1/internal/federation-state/", methods: { GET: getFederationState(api) } },
    { path: "/v1/internal/federation-states", methods: { GET: listFederationStates(api) } },
    { path: "/v1/internal/federation-states/mesh-gateways", methods: { GET: listMeshGateways(api) } },
    { path: "/v1/internal/ui/gateway-services-nodes/", methods: { GET: listUiGatewayServices(api) } },
  ];
}
