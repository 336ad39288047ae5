import { parseJson } from "../../wire/json.ts";
import { decodeCoordinateUpdate, startingCoordinate } from "../../wire/coordinate.ts";
import { empty, json, jsonHeaders } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import { bodyBytesMax } from "../limits.ts";
import { requireDatacenter } from "../query-options.ts";
import { answerQuery, failedReadHeaders } from "../read.ts";
import { topics } from "../../state/topics.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import type { HttpRequest } from "../http-request.ts";

/** There is no gossip to measure distances by: this server is where a node is that has met no other. */
export function listCoordinateDatacenters(api: Api): Endpoint {
  return (request) => json(request, [{ Datacenter: api.datacenter, AreaID: "wan", Coordinates: [ownPlace(api)] }]);
}

export function listCoordinates(api: Api): Endpoint {
  return (request) => answerPlaces(api, request, [ownPlace(api)]);
}

export function getNodeCoordinate(api: Api): Endpoint {
  return (request) => {
    requireDatacenter(request.query, api.datacenter, failedReadHeaders);
    if (request.rest !== api.agent.node.name) return new Response(null, { status: 404 });
    return answerPlaces(api, request, [ownPlace(api)]);
  };
}

function answerPlaces(api: Api, request: HttpRequest, places: readonly object[]): Response | Promise<Response> {
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  const segment = request.query.get("segment") ?? "";
  const shown = segment === "" ? places : [];
  return answerQuery(
    api,
    request,
    { topics: [topics.nodes], read: () => shown },
    { headers: jsonHeaders, body: (value) => renderGoJson(value, { pretty: request.pretty }) },
  );
}

/** Checked, and then not kept: nothing here is sorted by distance. */
export function updateCoordinate(api: Api): Endpoint {
  return async (request) => {
    const fits = decodeCoordinateUpdate(parseJson(await request.body(bodyBytesMax)));
    requireDatacenter(request.query, api.datacenter);
    if (!fits) throw new HttpError(500, "incompatible coordinate");
    return empty();
  };
}

function ownPlace(api: Api): object {
  return { Node: api.agent.node.name, Segment: "", Coord: startingCoordinate };
}
