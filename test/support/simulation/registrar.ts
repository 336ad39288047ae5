import { sleep, type Clock } from "../../../src/lib/clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import { LineBroken, type LineRequest } from "../linearizability/line.ts";
import { pick, pickOf } from "../linearizability/trial.ts";
import { requireDone } from "./simulated-line.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

export const serviceNames: readonly string[] = ["web", "db"];
const serviceIds = serviceNames.flatMap((name) => [`${name}-1`, `${name}-2`]);

/** The URLs that the HTTP checks of the services request. */
export const checkTargets: readonly string[] = serviceIds.map((id) => `http://192.0.2.9/${id}`);

const actions = {
  ...{ register: 8, deregister: 2, ttl: 12, check: 2, "deregister-check": 1, alias: 1, maintenance: 2 },
  ...{ "node-maintenance": 1, "drop-from-catalog": 2, "add-to-catalog": 2, event: 2, coordinate: 3, query: 2 },
} as const;

export interface RegistrarOptions {
  readonly network: SimulatedNetwork;
  readonly clock: Clock;
  readonly random: FakeRandom;
  readonly client: string;
}

/**
 * Runs services that register with the agent, update their checks and deregister, and a client that changes the catalog directly.
 */
export class Registrar {
  readonly #options: RegistrarOptions;
  #turn = 0;

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  async run(stopped: AbortSignal): Promise<void> {
    const { network, clock, random, client } = this.#options;
    while (!stopped.aborted) {
      await sleep(clock, random.uniform() ** 2 * 6_000, stopped);
      if (stopped.aborted) return;
      try {
        const answer = requireDone(await network.send(client, this.#request()));
        if (answer.status === 500 && !isKnown(answer.body)) throw new Error(`answered ${answer.status} ${answer.body}`);
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error;
      }
    }
  }

  #request(): LineRequest {
    const { random } = this.#options;
    const id = pickOf(random, serviceIds) ?? "";
    const service = id.slice(0, -2);
    switch (pick(random, actions)) {
      case "register":
        return this.#register(id, service);
      case "deregister":
        return put(`/v1/agent/service/deregister/${id}`);
      case "ttl":
        return put(`/v1/agent/check/${pickOf(random, ["pass", "warn", "fail"])}/${id}:ttl?note=${this.#turn++}`);
      case "check":
        return put("/v1/agent/check/register", { ID: "own", Name: "own", TCP: "192.0.2.9:1", Interval: "7s" });
      case "deregister-check":
        return put(`/v1/agent/check/deregister/${pickOf(random, ["own", `${id}:http`, "alias"])}`);
      case "alias":
        return put("/v1/agent/check/register", { ID: "alias", Name: "alias", AliasService: id });
      case "maintenance":
        return put(`/v1/agent/service/maintenance/${id}?enable=${random.uniform() < 0.4}`);
      case "node-maintenance":
        return put(`/v1/agent/maintenance?enable=${random.uniform() < 0.3}`);
      case "drop-from-catalog":
        return put("/v1/catalog/deregister", { Node: "gw", ServiceID: id });
      case "add-to-catalog":
        return put("/v1/catalog/register", {
          ...{ Node: "gw", Address: "127.0.0.1", SkipNodeUpdate: true },
          Service: { ID: `${id}-foreign`, Service: service, Port: 9_000 + serviceIds.indexOf(id) },
        });
      case "event":
        return put("/v1/event/fire/deploy", { turn: this.#turn++ });
      case "coordinate":
        return put("/v1/coordinate/update", { Node: "gw", Coord: coordinate(random) });
      case "query":
        return { method: "GET", path: `/v1/query/${service}-any/execute` };
    }
  }

  #register(id: string, service: string): LineRequest {
    const { random } = this.#options;
    const check = {
      HTTP: `http://192.0.2.9/${id}`,
      Interval: "5s",
      FailuresBeforeCritical: random.uniform() < 0.5 ? 2 : 0,
    };
    const Checks = [
      { CheckID: `${id}:http`, Name: "http", ...check },
      { CheckID: `${id}:ttl`, Name: "ttl", TTL: "15s", Status: "passing" },
    ];
    const replace = random.uniform() < 0.3 ? "?replace-existing-checks" : "";
    const some = random.uniform() < 0.5 ? Checks : Checks.slice(0, 1);
    const Port = 8_000 + serviceIds.indexOf(id);
    const definition = { ID: id, Name: service, Port, Tags: [`turn-${this.#turn++}`], Checks: some };
    return put(`/v1/agent/service/register${replace}`, definition);
  }
}

/** Returns whether the body is that of an error which a correct agent can return to a registrar. */
function isKnown(body: string): boolean {
  return /does not have associated TTL|does not exist|Unknown|starting|not found/i.test(body);
}

function put(path: string, body?: object): LineRequest {
  return { method: "PUT", path, body: body === undefined ? "" : JSON.stringify(body) };
}

function coordinate(random: FakeRandom): object {
  const Vec = Array.from({ length: 8 }, () => random.uniform() / 100);
  return { Vec, Error: 1.5, Adjustment: 0, Height: 1e-5 };
}
