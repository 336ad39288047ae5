import type { Agent } from "../../agent/agent.ts";
import type { LocalService } from "../../agent/local-state.ts";
import { RowList } from "../../wire/json-parts.ts";
import { encodeRegistration, type RegistrationJson } from "../../wire/registration.ts";
import { jsonInTurns } from "../answers.ts";
import type { Endpoint } from "../route.ts";

export interface RegistrationsParts {
  readonly agent: Agent;
  /** The registrations of core-keeper's API on this agent; undefined if that API is off. */
  readonly keeperRegistrations: KeeperRegistrations | undefined;
}

interface KeeperRegistrations {
  get(serviceId: string): object | undefined;
  values(): Iterable<{ readonly serviceId: string; readonly status: string }>;
}

/**
 * Answers with the services of this agent, each with the way in which it was registered, and with those that have deregistered with
 * core-keeper's API, which keeps them. So a page can say who registered a service, and whether one that is deregistered comes back.
 */
export function listRegistrations({ agent, keeperRegistrations: keeper }: RegistrationsParts): Endpoint {
  return (request) => {
    const { rights } = request.caller;
    const all = [...agent.services.values(), ...haltedServices()];
    const answer = RowList.of(all, (each) => {
      const row =
        typeof each === "string"
          ? encodeRegistration({ id: each, name: each }, "core-keeper", { isHalted: true })
          : encodeRegistration(each.service, throughOf(each));
      return rights.may("service", "read", row.Service) ? row : undefined;
    });
    return jsonInTurns(request, answer);
  };

  /** Returns the ids of the services that have deregistered with core-keeper's API. */
  function haltedServices(): readonly string[] {
    return [...(keeper?.values() ?? [])]
      .filter(({ status, serviceId }) => status === "HALT" && !agent.services.has(serviceId))
      .map(({ serviceId }) => serviceId);
  }

  function throughOf({ service, source, isSidecar = false }: LocalService): RegistrationJson["Through"] {
    if (source === "file") return "file";
    if (isSidecar) return "sidecar";
    return keeper?.get(service.id) === undefined ? "consul" : "core-keeper";
  }
}
