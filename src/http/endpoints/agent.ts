import { OperatingError } from "../../lib/errors.ts";
import { wanMember } from "../../cluster/server-registration.ts";
import { startingCoordinate } from "../../model/coordinate.ts";
import { encodeCoordinate } from "../../wire/coordinate.ts";
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
      Coord: api.coordinates.areWanted ? encodeCoordinate(startingCoordinate) : null,
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
    // Consul: only a value that is not empty counts, and then any.
    const wan = (request.query.get("wan") ?? "") !== "";
    return json(request, (wan ? api.members().map(wanMember) : api.members()).map(encodeMember));
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

export function getHost(api: Api): Endpoint {
  return async (request) => json(request, await api.host());
}

/** Servers of this version stand alone: there is nobody to join but the agent itself. */
export function join(api: Api): Endpoint {
  return ({ rest }) => {
    const places = api.members().flatMap((member) => [member, wanMember(member)]);
    if (places.some(({ address, port }) => rest === address || rest === `${address}:${port}`)) return empty();
    throw new HttpError(
      500,
      `1 error occurred:\n\t* Failed to join ${hostOf(rest)}: servers of this version stand alone\n\n`,
    );
  };
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, "");
}

export function forceLeave(api: Api): Endpoint {
  return ({ rest }) => {
    // Consul: a member that is alive stays, and nothing is said of it.
    if (api.members().some(({ name }) => name === rest)) return empty();
    throw new HttpError(500, `agent: No node found with name '${rest}'`);
  };
}
