import {
  disableNodeMaintenance,
  disableServiceMaintenance,
  enableNodeMaintenance,
  enableServiceMaintenance,
} from "../../agent/maintenance.ts";
import { OperatingError } from "../../lib/errors.ts";
import { empty } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import { parseEnable, requireName } from "../parameters.ts";

export function setNodeMaintenance(api: Api): Endpoint {
  return async ({ query }) => {
    if (parseEnable(query)) await enableNodeMaintenance(api.agent, query.get("reason") ?? "");
    else await disableNodeMaintenance(api.agent);
    return empty();
  };
}

export function setServiceMaintenance(api: Api): Endpoint {
  return async ({ rest, query }) => {
    const id = requireName(rest, "Missing service ID");
    const enable = parseEnable(query);
    try {
      if (enable) await enableServiceMaintenance(api.agent, id, query.get("reason") ?? "");
      else await disableServiceMaintenance(api.agent, id);
    } catch (error) {
      if (error instanceof OperatingError && error.kind === "not-found") throw new HttpError(404, error.message);
      throw error;
    }
    return empty();
  };
}
