import { OperatingError } from "../../lib/errors.ts";
import * as catalog from "../../registry/catalog.ts";
import { decodeCatalogDeregister, decodeCatalogRegister } from "../../wire/catalog-register.ts";
import { topics } from "../../state/topics.ts";
import { catalogServiceFields, nodeFields, nodeServiceFields } from "../../wire/filter-fields.ts";
import { goMap } from "../../wire/go-json.ts";
import { parseJson } from "../../wire/json.ts";
import { encodeNode } from "../../wire/node.ts";
import { encodeCatalogService, encodeNodeService } from "../../wire/service.ts";
import { json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { bodyBytesMax } from "../limits.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseNodeMeta, requireName } from "../parameters.ts";
import { answerCatalog, answerRows, compile } from "../read.ts";

export function registerInCatalog(api: Api): Endpoint {
  return async (request) => {
    const registration = await decoded(async () => decodeCatalogRegister(parseJson(await request.body(bodyBytesMax))));
    requireSameDatacenter(registration.node.datacenter, api);
    const node = { ...registration.node, datacenter: api.datacenter };
    await catalog.register(api.store, { ...registration, node });
    return json(request, true);
  };
}

export function deregisterFromCatalog(api: Api): Endpoint {
  return async (request) => {
    const target = await decoded(async () => decodeCatalogDeregister(parseJson(await request.body(bodyBytesMax))));
    requireSameDatacenter(target.datacenter, api);
    const { node, serviceId, checkId } = target;
    await catalog.deregister(api.store, { node, serviceId: serviceId || undefined, checkId: checkId || undefined });
    return json(request, true);
  };
}

export function listDatacenters(api: Api): Endpoint {
  return (request) => json(request, [api.datacenter]);
}

export function listNodes(api: Api): Endpoint {
  return (request) =>
    answerRows(api, request, {
      query: catalog.nodes(parseNodeMeta(request.query)),
      encode: encodeNode,
      fields: nodeFields,
    });
}

export function listServices(api: Api): Endpoint {
  return (request) =>
    answerCatalog(api, request, catalog.services(parseNodeMeta(request.query)), (services) =>
      goMap(Object.fromEntries(services)),
    );
}

export function listServiceInstances(api: Api): Endpoint {
  return (request) => answerInstances(api, request, catalog.serviceInstances);
}

/** What takes connections of the mesh for a service. */
export function listConnectInstances(api: Api): Endpoint {
  return (request) => answerInstances(api, request, catalog.connectInstances);
}

function answerInstances(
  api: Api,
  request: HttpRequest,
  find: typeof catalog.serviceInstances,
): Response | Promise<Response> {
  const name = requireName(request.rest, "Missing service name");
  return answerRows(api, request, {
    query: find(name, request.query.all("tag"), parseNodeMeta(request.query)),
    encode: ({ node, service }) => encodeCatalogService(node, service),
    fields: catalogServiceFields,
  });
}

/** Gateways lead to services as configuration entries say, of which there are none. */
export function listGatewayServices(api: Api): Endpoint {
  return (request) => {
    requireName(request.rest, "Missing gateway name");
    const query = { topics: [topics.mesh], read: (): readonly object[] => [] };
    // Consul: null, where other lists are [].
    return answerCatalog(api, request, query, () => null);
  };
}

export function getNode(api: Api): Endpoint {
  return (request) => {
    const query = catalog.nodeServices(api.store, requireName(request.rest, "Missing node name"));
    const accept = compile(request.query.get("filter"), nodeServiceFields);
    return answerCatalog(api, request, query, (found) => {
      if (!found) return null;
      const services = found.services.map((service) => [service.id, encodeNodeService(service)] as const);
      return {
        Node: encodeNode(found.node),
        Services: goMap(Object.fromEntries(services.filter(([, row]) => accept(row)))),
      };
    });
  };
}

export function listNodeServices(api: Api): Endpoint {
  return (request) => {
    const query = catalog.nodeServices(api.store, requireName(request.rest, "Missing node name"));
    const accept = compile(request.query.get("filter"), nodeServiceFields);
    return answerCatalog(api, request, query, (found) => ({
      Node: found ? encodeNode(found.node) : null,
      // Consul: a list that has nothing before the filter is null.
      Services: found?.services.length ? found.services.map(encodeNodeService).filter(accept) : null,
    }));
  };
}

/** Consul: a registration that can be read but is not right is a 500. */
async function decoded<T>(decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof OperatingError && error.code === "catalog-validation") throw new HttpError(500, error.message);
    throw error;
  }
}

function requireSameDatacenter(datacenter: string, api: Api): void {
  if (datacenter !== "" && datacenter !== api.datacenter) throw new HttpError(500, "No path to datacenter");
}
