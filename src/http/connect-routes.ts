import type { Api, Endpoint, Route } from "./api.ts";
import { refreshedInBackground } from "./cached.ts";
import { HttpError } from "./http-error.ts";
import { parsePassing, requireName } from "./parameters.ts";
import { answerRows, failedReadHeaders } from "./read.ts";
import type { FilterFields } from "../lib/filter/compile-filter.ts";
import type { OfNode } from "../registry/nearness.ts";
import { topics } from "../state/topics.ts";
import { catalogServiceFields, serviceEntryFields } from "../wire/filter-fields.ts";
import type { HttpRequest } from "./http-request.ts";

/** The service mesh, as a Consul without it answers: no certificates, and no proxies in front of services. */
export function connectRoutes(api: Api): readonly Route[] {
  return [
    { path: "/v1/agent/connect/ca/leaf/", methods: { GET: refuse } },
    { path: "/v1/agent/connect/ca/roots", methods: { GET: refuse } },
    {
      path: "/v1/catalog/connect/",
      methods: { GET: refreshedInBackground(api, "catalog-services", listNoProxies(api, catalogServiceFields)) },
    },
    { path: "/v1/connect/ca/configuration", methods: { GET: refuse, PUT: refuse } },
    { path: "/v1/connect/ca/roots", methods: { GET: refuseRead } },
    { path: "/v1/discovery-chain/", methods: { GET: refuseChain, POST: refuseChain } },
    {
      path: "/v1/health/connect/",
      methods: { GET: refreshedInBackground(api, "health-services", listNoProxies(api, serviceEntryFields)) },
    },
  ];
}

const notEnabled = "Connect must be enabled in order to use this endpoint";

function refuse(): never {
  throw new HttpError(500, notEnabled);
}

function refuseChain({ rest }: HttpRequest): never {
  requireName(rest, "Bad request: Missing chain name");
  refuseRead();
}

function refuseRead(): never {
  throw new HttpError(500, notEnabled, failedReadHeaders);
}

function listNoProxies(api: Api, fields: FilterFields): Endpoint {
  return (request) => {
    requireName(request.rest, "Missing service name");
    if (fields === serviceEntryFields) parsePassing(request.query);
    const query = { topics: [topics.services], read: (): readonly OfNode[] => [] };
    return answerRows(api, request, { query, encode: (row) => row, fields });
  };
}
