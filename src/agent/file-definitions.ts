import type { Log } from "../lib/log.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";
import type { Agent } from "./agent.ts";

/** Keeps the services and checks that configuration files define registered, through reloads. */
export class FileDefinitions {
  readonly #agent: Agent;
  readonly #log: Log;

  constructor(agent: Agent, log: Log) {
    this.#agent = agent;
    this.#log = log;
  }

  /** Registers all that is defined, and removes what an earlier call defined and this one does not. */
  async apply(defined: {
    readonly services: readonly ServiceDefinition[];
    readonly checks: readonly CheckDefinition[];
  }): Promise<void> {
    const serviceIds = new Set(defined.services.map(({ service }) => service.id));
    const checkIds = new Set([
      ...defined.checks.map((check) => check.id),
      ...defined.services.flatMap(({ checks }) => checks.map((check) => check.id)),
    ]);
    for (const [id, { source }] of this.#agent.services) {
      if (source === "file" && !serviceIds.has(id)) await this.#agent.deregisterService(id);
    }
    for (const [id, { source }] of this.#agent.checks) {
      if (source === "file" && !checkIds.has(id)) await this.#agent.deregisterCheck(id);
    }
    await Promise.all(defined.services.map((service) => this.#agent.registerService(service, { source: "file" })));
    for (const check of defined.checks) await this.#agent.registerCheck(check, "file");
    const count = defined.services.length + defined.checks.length;
    if (count > 0) this.#log.debug("Definitions from files registered", { count });
  }
}
