import type { Agent } from "../../agent/agent.ts";
import { coordinateDimensions, startingCoordinate } from "../../model/coordinate.ts";
import { coordinateList, type Coordinates, nodeCoordinates } from "../../registry/coordinates.ts";
import { decodeCoordinateUpdate, encodeNodeCoordinate } from "../../wire/coordinate.ts";
import { parseJson } from "../../wire/json.ts";
import { empty, json } from "../answers.ts";
import { demand } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint, Endpoint } from "../route.ts";

export interface CoordinateParts {
  readonly coordinates: Coordinates;
  readonly agent: Pick<Agent, "node">;
  readonly datacenter: string;
}

/** Wraps an endpoint so that it refuses every request if `disable_coordinates` is set, as in Consul. */
export function unlessDisabled<T>(
  { coordinates }: Pick<CoordinateParts, "coordinates">,
  endpoint: (request: HttpRequest) => T,
): (request: HttpRequest) => T {
  return (request) => {
    if (!coordinates.areWanted) throw new HttpError(401, "Coordinate support disabled");
    return endpoint(request);
  };
}

/** Lists the WAN coordinate of the only server: the start coordinate, since the server measures no other datacenter. */
export function listCoordinateDatacenters({ agent, datacenter }: CoordinateParts): Endpoint {
  return (request) => {
    const own = { node: agent.node.name, segment: "", coordinate: startingCoordinate };
    return json(request, [{ Datacenter: datacenter, AreaID: "wan", Coordinates: [encodeNodeCoordinate(own)] }]);
  };
}

export function listCoordinates({ coordinates }: CoordinateParts): DatacenterEndpoint {
  return (request) => {
    const query = coordinateList(coordinates, request.query.get("segment"));
    return answerJson(request, query, (rows) => rows.map(encodeNodeCoordinate));
  };
}

export function getNodeCoordinate({ coordinates }: CoordinateParts): DatacenterEndpoint {
  return (request) => {
    const query = nodeCoordinates(coordinates, request.rest, request.query.get("segment"));
    return answerJson(request, query, (rows) => (rows.length > 0 ? rows.map(encodeNodeCoordinate) : undefined));
  };
}

export function updateCoordinate({ coordinates, datacenter: own }: CoordinateParts): DatacenterEndpoint {
  return async (request) => {
    const { coordinate, datacenter, node, segment } = decodeCoordinateUpdate(
      parseJson(await request.body(bodyBytesMax)),
    );
    return () => {
      demand(request, "node", "write", node);
      // Consul: if `?dc` is absent, the body's datacenter is used.
      if (!request.query.get("dc") && datacenter !== "" && datacenter !== own)
        throw new HttpError(500, "No path to datacenter");
      if (coordinate?.vector.length !== coordinateDimensions) throw new HttpError(500, "incompatible coordinate");
      coordinates.update({ node, segment, coordinate });
      return empty();
    };
  };
}
