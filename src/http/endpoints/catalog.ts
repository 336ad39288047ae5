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
import { bodyBytesMax } from "../limits.ts";
import { demand, demanding, demandToken, unlessHidden } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseNodeMeta, requireName } from "../parameters.ts";
import { answerCatalog, answerFiltered, answerRows } from "../read.ts";
import type { DatacenterEndpoint, Endpoint, Operation } from "../route.ts";

export interface CatalogParts {
  readonly datacenter: string;
}

export function registerInCatalog({ datacenter }: CatalogParts): Endpoint {
  return async (request) => {
    const registration = await decoded(request, decodeCatalogRegister);
    requireDatacenter(registration.node, datacenter);
    await catalog.register(request.caller.registry, { ...registration, node: { ...registration.node, datacenter } });
    return json(request, true);
  };
}

export function deregisterFromCatalog({ datacenter }: CatalogParts): Endpoint {
  return async (request) => {
    const target = await decoded(request, decodeCatalogDeregister);
    requireDatacenter(target, datacenter);
    const { node, serviceId, checkId } = target;
    await catalog.deregister(request.caller.registry, {
      node,
      serviceId: serviceId || undefined,
      checkId: checkId || undefined,
    });
    return json(request, true);
  };
}

export function listDatacenters({ datacenter }: Pick<CatalogParts, "datacenter">): Endpoint {
  return (request) => json(request, [datacenter]);
}

export const listNodes: DatacenterEndpoint = (request) =>
  answerRows(request, {
    query: catalog.nodes(parseNodeMeta(request.query)),
    encode: encodeNode,
    fields: nodeFields,
  });

export const listServices: DatacenterEndpoint = (request) =>
  answerCatalog(request, catalog.services(parseNodeMeta(request.query)), (services) =>
    goMap(Object.fromEntries(services)),
  );

export const listServiceInstances: DatacenterEndpoint = (request) => answerInstances(request, catalog.serviceInstances);

/** Lists a service's Connect-capable instances: sidecar proxies and services that support Connect themselves. */
export const listConnectInstances: DatacenterEndpoint = (request) =>
  unlessHidden(request, answerInstances(request, catalog.connectInstances));

function answerInstances(request: HttpRequest, find: typeof catalog.serviceInstances): Operation {
  const name = requireName(request.rest, "Missing service name");
  return answerRows(request, {
    query: find(name, request.query.all("tag"), parseNodeMeta(request.query)),
    encode: ({ node, service }) => encodeCatalogService(node, service),
    fields: catalogServiceFields,
  });
}

/**
 * Answers with an empty list: the services of an ingress or terminating gateway are named by configuration entries, which are not
 * supported.
 */
export const listGatewayServices: DatacenterEndpoint = (request) => {
  const gateway = requireName(request.rest, "Missing gateway name");
  // Consul: this empty list is null, while other empty lists are []; but it is not null once access control has narrowed it.
  const read = (): [] | null => (request.caller.isChecked ? [] : null);
  return demanding(
    () => demand(request, "service", "read", gateway),
    answerCatalog(request, { topics: [topics.mesh], read }, (none) => none),
  );
};

export const getNode: DatacenterEndpoint = (request) => {
  const query = catalog.nodeServices(request.caller.registry, requireName(request.rest, "Missing node name"));
  return answerFiltered(request, query, {
    fields: nodeServiceFields,
    encode(found, accept) {
      if (!found) return null;
      const services = found.services.map((service) => [service.id, encodeNodeService(service)] as const);
      return {
        Node: encodeNode(found.node),
        Services: goMap(Object.fromEntries(services.filter(([, row]) => accept(row)))),
      };
    },
  });
};

export const listNodeServices: DatacenterEndpoint = (request) => {
  const query = catalog.nodeServices(request.caller.registry, requireName(request.rest, "Missing node name"));
  return answerFiltered(request, query, {
    fields: nodeServiceFields,
    encode: (found, accept) => ({
      Node: found ? encodeNode(found.node) : null,
      // Consul: a list that is empty before the filter is null, but not once access control has narrowed it.
      Services:
        found && (found.services.length > 0 || request.caller.isChecked)
          ? found.services.map(encodeNodeService).filter(accept)
          : null,
    }),
  });
};

/**
 * Decodes a request's body. Consul: a registration that is well-formed JSON but invalid is a 500, unless the request's token does not
 * exist.
 */
async function decoded<T>(request: HttpRequest, decode: (json: unknown) => T): Promise<T> {
  const body = parseJson(await request.body(bodyBytesMax));
  try {
    return decode(body);
  } catch (error) {
    if (!(error instanceof OperatingError) || error.code !== "catalog-validation") throw error;
    demandToken(request);
    throw new HttpError(500, error.message);
  }
}

/** Refuses a body that names another datacenter. Consul: here the body names the datacenter, and `?dc` is ignored. */
function requireDatacenter({ datacenter }: { readonly datacenter: string }, own: string): void {
  if (datacenter !== "" && datacenter !== own) throw new HttpError(500, "No path to datacenter");
}
