import { OperatingError } from "../../lib/errors.ts";
import { encodeMember } from "../../wire/member.ts";
import { empty, json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";

export function getSelf(api: Api): Endpoint {
  return (request) => {
    const { config, debugConfig, stats, meta } = api.self();
    const [self] = api.members();
    return json(request, {
      Config: config,
      DebugConfig: debugConfig,
      // There is no gossip to measure distances by: the coordinate of a node that has met no other.
      Coord: { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 0.00001 },
      Member: self && encodeMember(self),
      Stats: stats,
      Meta: meta,
    });
  };
}

export function listMembers(api: Api): Endpoint {
  return (request) => {
    const segment = request.query.get("segment");
    if (segment !== undefined && segment !== "" && segment !== "_all") {
      throw new HttpError(500, "Network segments are not supported in this version of Consul");
    }
    return json(request, api.members().map(encodeMember));
  };
}

export function reload(api: Api): Endpoint {
  return async () => {
    try {
      await api.reload();
      return empty();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      // Consul: bad files are no fault of the request, so this is a 500.
      throw new OperatingError("unavailable", "reload-failed", error.message, { cause: error });
    }
  };
}

export function leave(api: Api): Endpoint {
  return () => {
    api.leave();
    return empty();
  };
}
