import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { sidecarAt } from "../model/sidecar.ts";
import type { Agent } from "./agent.ts";

export interface Defined {
  readonly services: readonly ServiceDefinition[];
  readonly checks: readonly CheckDefinition[];
  /** The file, line and column of each definition: "agent.hcl:3:7". */
  readonly origins: ReadonlyMap<object, string>;
  /** The faults of definitions that could not be decoded completely. */
  readonly faults: readonly FileFault[];
}

/** The reason why the agent skips a definition of a file, or a part of the definition. */
export interface FileFault {
  /** The file, line and column of the definition: "agent.hcl:3:7". */
  readonly where: string;
  readonly message: string;
}

/** Registers the services and checks of configuration files, and applies changes of the files at each reload. */
export class FileDefinitions {
  readonly #agent: Agent;
  readonly #log: Log;
  #applied: Promise<void> = Promise.resolve();
  #faults: readonly FileFault[] = [];

  constructor(agent: Agent, log: Log) {
    this.#agent = agent;
    this.#log = log;
  }

  /** The faults in the definitions of the last call of `start` or `apply`. */
  get faults(): readonly FileFault[] {
    return this.#faults;
  }

  /**
   * Registers all definitions that can be registered, at the start of the agent. Skips the others with a warning, so that one
   * faulty definition does not stop the agent.
   */
  start(defined: Defined): Promise<void> {
    return this.#inTurn(async () => {
      const faults = [...defined.faults];
      await this.#apply(defined, (definition, { message }) =>
        faults.push({ where: originOf(definition, defined), message }),
      );
      this.#faults = faults;
      for (const { where, message } of faults)
        this.#log.warn("A definition cannot be used as it is", { where, message });
    });
  }

  /**
   * Registers all definitions, and removes those of an earlier call that this call omits. Calls run one after the other.
   * @throws OperatingError naming a definition that cannot be registered; the call has then changed nothing
   */
  apply(defined: Defined): Promise<void> {
    return this.#inTurn(async () => {
      await this.#apply(defined, (definition, { kind, message }) => {
        const placed = `${message} (${originOf(definition, defined)})`;
        throw new OperatingError(kind, "unusable-definition", placed);
      });
      this.#faults = defined.faults;
    });
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    const applied = this.#applied.then(task);
    this.#applied = applied.catch(() => {});
    return applied;
  }

  /**
   * Registers the definitions, and removes earlier registrations from files that are not among the definitions.
   * @param refuse called for each definition that cannot be registered, before any change is made
   */
  async #apply(
    defined: Defined,
    refuse: (definition: ServiceDefinition | CheckDefinition, obstacle: Obstacle) => void,
  ): Promise<void> {
    using reserved = new DisposableStack();
    const services = defined.services.filter((definition) => {
      const prepare = (): void => void reserved.use(this.#agent.prepare(definition, "file"));
      const obstacle = attempt(`service ${JSON.stringify(definition.service.name)}`, prepare);
      if (obstacle) refuse(definition, obstacle);
      return !obstacle;
    });
    const withSidecars = services.flatMap((definition) => [definition, sidecarAt(definition, 0) ?? []].flat());
    const checks = defined.checks.filter((check) => {
      const obstacle = attempt(`check ${JSON.stringify(check.name || check.id)}`, () => {
        this.#agent.requireAllowed(check, "file");
        this.#requireService(check, withSidecars);
      });
      if (obstacle) refuse(check, obstacle);
      return !obstacle;
    });
    await this.#removeOthers(withSidecars, checks);
    await Promise.all(services.map((service) => this.#agent.registerService(service, { source: "file" })));
    for (const check of checks) await this.#agent.registerCheck(check, "file");
    await this.#removeOrphans();
    const count = services.length + checks.length;
    if (count > 0) this.#log.debug("Definitions from files registered", { count });
  }

  async #removeOthers(services: readonly ServiceDefinition[], checks: readonly CheckDefinition[]): Promise<void> {
    const serviceIds = new Set(services.map(({ service }) => service.id));
    const checkIds = new Set([...checks, ...services.flatMap((service) => service.checks)].map(({ id }) => id));
    for (const [id, { source }] of this.#agent.services) {
      if (source === "file" && !serviceIds.has(id)) await this.#agent.deregisterService(id);
    }
    for (const [id, { source }] of this.#agent.checks) {
      if (source === "file" && !checkIds.has(id)) await this.#agent.deregisterCheck(id);
    }
  }

  /** Removes each check whose service is not registered: a client added the check to a service that files then dropped. */
  async #removeOrphans(): Promise<void> {
    for (const [id, { definition }] of this.#agent.checks) {
      if (definition.serviceId === "" || this.#agent.services.has(definition.serviceId)) continue;
      await this.#agent.deregisterCheck(id);
    }
  }

  #requireService({ serviceId }: CheckDefinition, services: readonly ServiceDefinition[]): void {
    if (serviceId === "" || services.some(({ service }) => service.id === serviceId)) return;
    if (this.#agent.services.get(serviceId)?.source === "api") return;
    throw new OperatingError("not-found", "unknown-service", `ServiceID ${JSON.stringify(serviceId)} does not exist`);
  }
}

/** The reason why a definition cannot be registered, in Consul's text. */
type Obstacle = Pick<OperatingError, "kind" | "message">;

function attempt(named: string, prepare: () => void): Obstacle | undefined {
  try {
    prepare();
    return undefined;
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    return { kind: error.kind, message: `Failed to register ${named}: ${error.message}` };
  }
}

function originOf(definition: object, { origins }: Defined): string {
  return origins.get(definition) ?? "";
}
