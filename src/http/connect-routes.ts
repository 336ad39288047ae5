import type { Api, Endpoint, Route } from "./api.ts";
import { HttpError } from "./http-error.ts";
import { requireName } from "./parameters.ts";
import { answerCatalog, failedReadHeaders } from "./read.ts";
import { topics } from "../state/topics.ts";

/** The service mesh, as a Consul without it answers: no certificates, and no proxies in front of services. */
export function connectRoutes(api: Api): readonly Route[] {
  const none = listNoProxies(api);
  return [
    { path: "/v1/agent/connect/ca/leaf/", methods: { GET: refuse } },
    { path: "/v1/agent/connect/ca/roots", methods: { GET: refuse } },
    { path: "/v1/catalog/connect/", methods: { GET: none } },
    { path: "/v1/connect/ca/configuration", methods: { GET: refuse, PUT: refuse } },
    { path: "/v1/connect/ca/roots", methods: { GET: refuseRead } },
    { path: "/v1/discovery-chain/", methods: { GET: refuseRead, POST: refuseRead } },
    { path: "/v1/health/connect/", methods: { GET: none } },
  ];
}

const notEnabled = "Connect must be enabled in order to use this endpoint";

function refuse(): never {
  throw new HttpError(500, notEnabled);
}

function refuseRead(): never {
  throw new HttpError(500, notEnabled, failedReadHeaders);
}

function listNoProxies(api: Api): Endpoint {
  return (request) => {
    requireName(request.rest, "Missing service name");
    const query = { topics: [topics.services], read: (): readonly object[] => [] };
    return answerCatalog(api, request, query, (rows) => rows);
  };
}
