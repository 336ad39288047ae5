import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";
import type { Agent } from "./agent.ts";

interface Defined {
  readonly services: readonly ServiceDefinition[];
  readonly checks: readonly CheckDefinition[];
}

/** Keeps the services and checks that configuration files define registered, through reloads. */
export class FileDefinitions {
  readonly #agent: Agent;
  readonly #log: Log;
  #applied: Promise<void> = Promise.resolve();

  constructor(agent: Agent, log: Log) {
    this.#agent = agent;
    this.#log = log;
  }

  /**
   * Registers all that is defined, and removes what an earlier call defined and this one does not.
   * One call is done before the next begins.
   * @throws OperatingError naming a definition that cannot be registered; nothing has changed then
   */
  apply(defined: Defined): Promise<void> {
    const applied = this.#applied.then(() => this.#apply(defined));
    this.#applied = applied.catch(() => {});
    return applied;
  }

  async #apply(defined: Defined): Promise<void> {
    const { services, checks } = defined;
    for (const definition of services) this.#requireAllowed("service", definition.service.name, definition.checks);
    for (const check of checks) this.#requireAllowed("check", check.name || check.id, [check]);
    for (const check of checks) this.#requireService(check, defined);
    await this.#removeOthers(defined);
    await Promise.all(services.map((service) => this.#agent.registerService(service, { source: "file" })));
    for (const check of checks) await this.#agent.registerCheck(check, "file");
    await this.#removeOrphans();
    const count = services.length + checks.length;
    if (count > 0) this.#log.debug("Definitions from files registered", { count });
  }

  async #removeOthers({ services, checks }: Defined): Promise<void> {
    const serviceIds = new Set(services.map(({ service }) => service.id));
    const checkIds = new Set([...checks, ...services.flatMap((service) => service.checks)].map((check) => check.id));
    for (const [id, { source }] of this.#agent.services) {
      if (source === "file" && !serviceIds.has(id)) await this.#agent.deregisterService(id);
    }
    for (const [id, { source }] of this.#agent.checks) {
      if (source === "file" && !checkIds.has(id)) await this.#agent.deregisterCheck(id);
    }
  }

  /** Checks that the API has added to a service which no file defines any more. */
  async #removeOrphans(): Promise<void> {
    for (const [id, { definition }] of this.#agent.checks) {
      if (definition.serviceId === "" || this.#agent.services.has(definition.serviceId)) continue;
      await this.#agent.deregisterCheck(id);
    }
  }

  #requireAllowed(noun: string, name: string, checks: readonly CheckDefinition[]): void {
    try {
      for (const check of checks) this.#agent.requireAllowed(check, "file");
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      throw unusable(error.kind, `Failed to register ${noun} ${JSON.stringify(name)}: ${error.message}`);
    }
  }

  #requireService({ id, name, serviceId }: CheckDefinition, { services }: Defined): void {
    if (serviceId === "" || services.some(({ service }) => service.id === serviceId)) return;
    if (this.#agent.services.get(serviceId)?.source === "api") return;
    const what = JSON.stringify(name || id);
    throw unusable(
      "invalid",
      `Failed to register check ${what}: ServiceID ${JSON.stringify(serviceId)} does not exist`,
    );
  }
}

function unusable(kind: OperatingError["kind"], message: string): OperatingError {
  return new OperatingError(kind, "unusable-definition", message);
}
