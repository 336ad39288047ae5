import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";
import type { Log } from "../lib/log.ts";
import type { KeeperRegistration, KeeperService } from "../model/keeper-registration.ts";
import type { ServiceRow } from "../model/service.ts";
import { registered, type PortOutcome } from "../ports/port-registrations.ts";
import type { ServicePorts } from "../ports/service-ports.ts";
import { allInstances, deregister, serviceInstances } from "../registry/catalog.ts";
import { serviceCheckList } from "../registry/health.ts";
import type { Registry } from "../registry/registry.ts";
import type { CommitTimes } from "./commit-times.ts";
import { toServiceDefinition } from "./keeper-service.ts";
import type { SavedRegistrations } from "./saved-registrations.ts";
import { showOther, showOwn } from "./shown-registration.ts";

export interface RegistrationsOptions {
  readonly agent: Agent;
  /** Registers services with the agent, after the port policy has decided. */
  readonly ports: Pick<ServicePorts, "register">;
  readonly store: Registry;
  readonly saved: SavedRegistrations;
  readonly times: CommitTimes;
  readonly clock: Clock;
  readonly log: Log;
  /** Maximum size of a check's stored output in bytes. */
  readonly checkOutputBytesMax: number;
}

/** The facts about the client that registers a service. */
export interface RegisteringClient {
  /** Whether the client registers before it listens. A program that already listens at the service's port is then another one. */
  readonly beforeListening: boolean;
}

interface Put {
  readonly service: KeeperService;
  /** When the service first registered, in milliseconds since 1970; undefined for a new registration. */
  readonly createdMs: number | undefined;
}

/**
 * The registry of core-keeper's API. A registration becomes a service of the agent, and every service of the catalog is
 * listed, whichever API registered it. Status HALT deregisters the service from the agent and keeps only its registration.
 *
 * Changes of one service run one after the other. The registration and the agent's service are written in one batch; if they
 * differ later, the agent's service counts, and the registration is deleted.
 */
export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #changes = new KeyedQueue();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
    options.agent.watchServices(() => this.#deleteStale());
    this.#deleteStale();
  }

  find(serviceId: string, registry: Registry = this.#options.store): KeeperRegistration | undefined {
    if (this.#options.agent.reserved.has(serviceId)) return undefined;
    const known = this.#own(serviceId, registry) ?? this.#halted(serviceId);
    if (known) return known;
    const row = this.#others(registry).find(({ id }) => id === serviceId);
    return row && this.#showOther(row, registry);
  }

  /** Returns the name of the service with this id, which is the id itself unless Consul's API registered the service. */
  nameOf(serviceId: string): string {
    const { agent, store } = this.#options;
    const own = agent.services.get(serviceId)?.service;
    return (own ?? this.#others(store).find(({ id }) => id === serviceId))?.name ?? serviceId;
  }

  /** Returns one registration for each service id, sorted by id; those with status HALT only if `halted` is true. */
  list(
    { halted }: { readonly halted: boolean },
    registry: Registry = this.#options.store,
  ): readonly KeeperRegistration[] {
    const { agent, saved } = this.#options;
    const found = new Map<string, KeeperRegistration>();
    for (const row of this.#others(registry)) if (!found.has(row.id)) found.set(row.id, this.#showOther(row, registry));
    for (const registration of saved.values()) {
      if (registration.status !== "HALT") continue;
      if (halted) found.set(registration.serviceId, registration);
      else found.delete(registration.serviceId);
    }
    for (const id of agent.services.keys()) {
      const own = this.#own(id, registry);
      if (own) found.set(id, own);
    }
    return [...found.values()].toSorted((a, b) => (a.serviceId < b.serviceId ? -1 : 1));
  }

  /** Registers a new service. Resolves with undefined, and changes nothing, if a service with this id exists, halted or not. */
  add(service: KeeperService, client: RegisteringClient): Promise<PortOutcome | undefined> {
    return this.#changes.run([service.serviceId], async () => {
      await this.#options.store.freshen("leader");
      return this.#isTaken(service.serviceId) ? undefined : this.#put({ service, createdMs: undefined }, client);
    });
  }

  /**
   * Updates a service: halts it, registers it again after a halt, or replaces its registration. Resolves with undefined if no
   * service has this id.
   */
  update(service: KeeperService, client: RegisteringClient): Promise<PortOutcome | undefined> {
    return this.#changes.run([service.serviceId], async () => {
      await this.#options.store.freshen("leader");
      const known = this.find(service.serviceId);
      return known && this.#put({ service, createdMs: known.createdMs }, client);
    });
  }

  /** Deregisters a service. Resolves with false if no service has this id. */
  remove(serviceId: string): Promise<boolean> {
    const { agent, saved, store } = this.#options;
    return this.#changes.run([serviceId], async () => {
      if (agent.reserved.has(serviceId)) return false;
      if (agent.services.has(serviceId) || this.#halted(serviceId)) {
        this.#requireKnown(serviceId);
        await agent.deregisterService(serviceId, saved.deleting(serviceId));
        return true;
      }
      await store.freshen("leader");
      const row = this.#others(store).find(({ id }) => id === serviceId);
      if (row) await deregister(store, { node: row.node, serviceId });
      return row !== undefined;
    });
  }

  #isTaken(serviceId: string): boolean {
    return this.#options.agent.reserved.has(serviceId) || this.find(serviceId) !== undefined;
  }

  /**
   * Refuses a change of a service while an earlier change of it may still become durable. Callers check this before they change
   * the agent's service and the saved registration, so that both change or neither does.
   * @throws OperatingError unavailable
   */
  #requireKnown(serviceId: string): void {
    this.#options.agent.requireKnown(serviceId);
    this.#options.saved.requireKnown(serviceId);
  }

  #put({ service, createdMs }: Put, client: RegisteringClient): Promise<PortOutcome> {
    this.#requireKnown(service.serviceId);
    const nowMs = this.#options.clock.wallMs();
    const registration = { ...service, createdMs: createdMs ?? nowMs, modifiedMs: nowMs };
    return service.status === "HALT" ? this.#halt(registration) : this.#register(registration, client);
  }

  /** Registers the service with the agent, and saves its registration in the same batch. */
  #register(registration: KeeperRegistration, { beforeListening }: RegisteringClient): Promise<PortOutcome> {
    const { checkOutputBytesMax: outputBytesMax, saved, ports } = this.#options;
    const definition = toServiceDefinition(registration, { outputBytesMax });
    const along = saved.putting(registration);
    const options = { source: "api", replaceExistingChecks: true, isAnew: true, beforeListening, along } as const;
    return ports.register(definition, options);
  }

  /**
   * Deregisters the service from the agent. A check that is still running does not undo the deregistration, since the agent
   * ignores the check's result.
   */
  async #halt(registration: KeeperRegistration): Promise<PortOutcome> {
    const { agent, saved } = this.#options;
    await agent.deregisterService(registration.serviceId, saved.putting(registration));
    return registered;
  }

  /** Deletes registrations whose services were registered or deregistered through Consul's API. */
  #deleteStale(): void {
    for (const { serviceId } of this.#options.saved.values())
      if (this.#isStale(serviceId)) void this.#deleteIfStale(serviceId);
  }

  async #deleteIfStale(serviceId: string): Promise<void> {
    const { saved, log } = this.#options;
    try {
      // Check again after the earlier changes of the service are done, since one of them may be the reason for the difference.
      await this.#changes.run([serviceId], async () => {
        await saved.delete(serviceId, () => this.#isStale(serviceId));
      });
    } catch (error) {
      log.warn("Cannot delete a stale registration", { service: serviceId, error: messageOf(error) });
    }
  }

  #isStale(serviceId: string): boolean {
    const { agent, saved } = this.#options;
    const registration = saved.get(serviceId);
    return registration !== undefined && (registration.status === "HALT") === agent.services.has(serviceId);
  }

  #halted(serviceId: string): KeeperRegistration | undefined {
    const registration = this.#options.saved.get(serviceId);
    return registration?.status === "HALT" ? registration : undefined;
  }

  #own(serviceId: string, registry: Registry): KeeperRegistration | undefined {
    const { agent, saved, times } = this.#options;
    const service = agent.services.get(serviceId)?.service;
    if (!service) return undefined;
    const rows = registry.read(serviceInstances(service.name, [], {}));
    const row = rows.find((each) => each.service.id === serviceId && each.service.node === agent.node.name)?.service;
    const checks = agent.checksOf(serviceId).flatMap((id) => agent.checks.get(id) ?? []);
    return row && showOwn({ row, checks, saved: saved.get(serviceId) }, times);
  }

  /** Returns the service instances on all nodes but this agent's. */
  #others(registry: Registry): readonly ServiceRow[] {
    const { agent } = this.#options;
    return registry.read(allInstances()).filter(({ node }) => node !== agent.node.name);
  }

  #showOther(row: ServiceRow, registry: Registry): KeeperRegistration {
    const { times } = this.#options;
    const checks = registry.read(serviceCheckList(row.name, {}));
    return showOther(
      row,
      checks.filter(({ node, serviceId }) => node === row.node && serviceId === row.id),
      times,
    );
  }
}
