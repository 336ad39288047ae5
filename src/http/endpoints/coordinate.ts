import { coordinateDimensions, startingCoordinate, type NodeCoordinate } from "../../model/coordinate.ts";
import { coordinateList, nodeCoordinates } from "../../registry/coordinates.ts";
import type { Query } from "../../registry/query.ts";
import { decodeCoordinateUpdate, encodeNodeCoordinate } from "../../wire/coordinate.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { parseJson } from "../../wire/json.ts";
import { empty, json, jsonHeaders } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { requireDatacenter } from "../query-options.ts";
import { answerQuery, failedReadHeaders } from "../read.ts";

/** Consul: with `disable_coordinates` no request is looked at. */
export function unlessDisabled(api: Api, endpoint: Endpoint): Endpoint {
  return (request) => {
    if (!api.coordinates.areWanted) throw new HttpError(401, "Coordinate support disabled");
    return endpoint(request);
  };
}

/** Between datacenters nothing is measured, since there is one: its server is where a node is that has met no other. */
export function listCoordinateDatacenters(api: Api): Endpoint {
  return (request) => {
    const own = { node: api.agent.node.name, segment: "", coordinate: startingCoordinate };
    return json(request, [{ Datacenter: api.datacenter, AreaID: "wan", Coordinates: [encodeNodeCoordinate(own)] }]);
  };
}

export function listCoordinates(api: Api): Endpoint {
  return (request) => answer(api, request, coordinateList(api.coordinates, request.query.get("segment")));
}

export function getNodeCoordinate(api: Api): Endpoint {
  return (request) => {
    const query = nodeCoordinates(api.coordinates, request.rest, request.query.get("segment"));
    return answer(api, request, query, { isFound: (rows) => rows.length > 0 });
  };
}

function answer(
  api: Api,
  request: HttpRequest,
  query: Query<readonly NodeCoordinate[]>,
  { isFound = () => true }: { readonly isFound?: (rows: readonly NodeCoordinate[]) => boolean } = {},
): Response | Promise<Response> {
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  return answerQuery(api, request, query, {
    headers: jsonHeaders,
    body: (rows) =>
      isFound(rows) ? renderGoJson(rows.map(encodeNodeCoordinate), { pretty: request.pretty }) : undefined,
  });
}

export function updateCoordinate(api: Api): Endpoint {
  return async (request) => {
    const update = decodeCoordinateUpdate(parseJson(await request.body(bodyBytesMax)));
    requireDatacenter(request.query, api.datacenter);
    const { coordinate, datacenter, node, segment } = update;
    if (!request.query.get("dc") && datacenter !== "" && datacenter !== api.datacenter)
      throw new HttpError(500, "No path to datacenter");
    if (coordinate?.vector.length !== coordinateDimensions) throw new HttpError(500, "incompatible coordinate");
    api.coordinates.update({ node, segment, coordinate });
    return empty();
  };
}
