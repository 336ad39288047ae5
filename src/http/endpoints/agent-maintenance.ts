import type { Agent } from "../../agent/agent.ts";
import {
  disableNodeMaintenance,
  disableServiceMaintenance,
  enableNodeMaintenance,
  enableServiceMaintenance,
} from "../../agent/maintenance.ts";
import { OperatingError } from "../../lib/errors.ts";
import { empty } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import { parseEnable, requireName } from "../parameters.ts";
import type { Endpoint } from "../route.ts";

export interface MaintenanceParts {
  readonly agent: Agent;
}

export function setNodeMaintenance({ agent }: MaintenanceParts): Endpoint {
  return async ({ query }) => {
    if (parseEnable(query)) await enableNodeMaintenance(agent, query.get("reason") ?? "");
    else await disableNodeMaintenance(agent);
    return empty();
  };
}

export function setServiceMaintenance({ agent }: MaintenanceParts): Endpoint {
  return async ({ rest, query }) => {
    const id = requireName(rest, "Missing service ID");
    const enable = parseEnable(query);
    try {
      if (enable) await enableServiceMaintenance(agent, id, query.get("reason") ?? "");
      else await disableServiceMaintenance(agent, id);
    } catch (error) {
      if (error instanceof OperatingError && error.kind === "not-found") throw new HttpError(404, error.message);
      throw error;
    }
    return empty();
  };
}
