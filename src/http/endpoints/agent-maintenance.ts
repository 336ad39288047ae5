import type { Agent } from "../../agent/agent.ts";
import {
  disableNodeMaintenance,
  disableServiceMaintenance,
  enableNodeMaintenance,
  enableServiceMaintenance,
} from "../../agent/maintenance.ts";
import { OperatingError } from "../../lib/errors.ts";
import { empty } from "../answers.ts";
import { demand } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import { parseEnable, requireName } from "../parameters.ts";
import type { Endpoint } from "../route.ts";
import { demandForKnown } from "./agent-service.ts";

export interface MaintenanceParts {
  readonly agent: Agent;
}

export function setNodeMaintenance({ agent }: MaintenanceParts): Endpoint {
  return async (request) => {
    const { query } = request;
    const enable = parseEnable(query);
    demand(request, "node", "write", agent.node.name);
    if (enable) await enableNodeMaintenance(agent, query.get("reason") ?? "", request.token);
    else await disableNodeMaintenance(agent);
    return empty();
  };
}

export function setServiceMaintenance({ agent }: MaintenanceParts): Endpoint {
  return async (request) => {
    const { rest, query } = request;
    const id = requireName(rest, "Missing service ID");
    const enable = parseEnable(query);
    demandForKnown(request, agent);
    try {
      if (enable)
        await enableServiceMaintenance(agent, id, { reason: query.get("reason") ?? "", token: request.token });
      else await disableServiceMaintenance(agent, id);
    } catch (error) {
      if (error instanceof OperatingError && error.kind === "not-found") throw new HttpError(404, error.message);
      throw error;
    }
    return empty();
  };
}
