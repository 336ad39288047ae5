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
import type { Store } from "../registry/store.ts";
import type { CommitTimes } from "./commit-times.ts";
import { toServiceDefinition } from "./keeper-service.ts";
import type { KeptRegistrations } from "./kept-registrations.ts";
import { showOther, showOwn } from "./shown-registration.ts";

export interface RegistrationsOptions {
  readonly agent: Agent;
  /** How services come to the agent: it may be at another port. */
  readonly ports: Pick<ServicePorts, "register">;
  readonly store: Store;
  readonly kept: KeptRegistrations;
  readonly times: CommitTimes;
  readonly clock: Clock;
  readonly log: Log;
  /** The limit of a check's kept output. */
  readonly checkOutputBytesMax: number;
}

/** Who registers a service. */
export interface RegistryClient {
  /** It registers before it listens: whoever listens at the port already is somebody else. */
  readonly beforeListening: boolean;
}

interface Put {
  readonly service: KeeperService;
  /** undefined: now. */
  readonly createdMs: number | undefined;
}

/**
 * The registry as core-keeper shows it. What registers here is a service of the agent like any other, and every service of
 * the catalog is shown, whoever registered it. One that is halted is no service any more: only its registration is kept.
 *
 * Changes of one service are made one after the other. What its registration and the agent keep is written in one batch;
 * if they ever differ, the agent is right, and the registration goes.
 */
export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #changes = new KeyedQueue();

  constructor(options: RegistrationsOptions) {
    this.#options = options;
    options.agent.watchServices(() => this.#dropOutdated());
    this.#dropOutdated();
  }

  find(serviceId: string): KeeperRegistration | undefined {
    if (this.#options.agent.reserved.has(serviceId)) return undefined;
    const known = this.#own(serviceId) ?? this.#halted(serviceId);
    if (known) return known;
    const row = this.#others().find(({ id }) => id === serviceId);
    return row && this.#showOther(row);
  }

  /** One for each id, in order of id. */
  list({ halted }: { readonly halted: boolean }): readonly KeeperRegistration[] {
    const { agent, kept } = this.#options;
    const found = new Map<string, KeeperRegistration>();
    for (const row of this.#others()) if (!found.has(row.id)) found.set(row.id, this.#showOther(row));
    for (const registration of kept.values()) {
      if (registration.status !== "HALT") continue;
      if (halted) found.set(registration.serviceId, registration);
      else found.delete(registration.serviceId);
    }
    for (const id of agent.services.keys()) {
      const own = this.#own(id);
      if (own) found.set(id, own);
    }
    return [...found.values()].toSorted((a, b) => (a.serviceId < b.serviceId ? -1 : 1));
  }

  /** undefined, and nothing has changed: there is one of that id, halted or not. */
  add(service: KeeperService, client: RegistryClient): Promise<PortOutcome | undefined> {
    return this.#changes.run([service.serviceId], async () =>
      this.#isTaken(service.serviceId) ? undefined : this.#put({ service, createdMs: undefined }, client),
    );
  }

  /** Also halts, and takes up what was halted. undefined, and nothing has changed: there is none of that id. */
  update(service: KeeperService, client: RegistryClient): Promise<PortOutcome | undefined> {
    return this.#changes.run([service.serviceId], async () => {
      const known = this.find(service.serviceId);
      return known && this.#put({ service, createdMs: known.createdMs }, client);
    });
  }

  /** false: there is none of that id. */
  remove(serviceId: string): Promise<boolean> {
    const { agent, kept, store } = this.#options;
    return this.#changes.run([serviceId], async () => {
      if (agent.reserved.has(serviceId)) return false;
      if (agent.services.has(serviceId) || this.#halted(serviceId)) {
        this.#requireKnown(serviceId);
        await agent.deregisterService(serviceId, kept.deleting(serviceId));
        return true;
      }
      const row = this.#others().find(({ id }) => id === serviceId);
      if (row) await deregister(store, { node: row.node, serviceId });
      return row !== undefined;
    });
  }

  #isTaken(serviceId: string): boolean {
    return this.#options.agent.reserved.has(serviceId) || this.find(serviceId) !== undefined;
  }

  /**
   * Else one of the two would be made, and the other refused.
   * @throws OperatingError unavailable
   */
  #requireKnown(serviceId: string): void {
    this.#options.agent.requireKnown(serviceId);
    this.#options.kept.requireKnown(serviceId);
  }

  #put({ service, createdMs }: Put, client: RegistryClient): Promise<PortOutcome> {
    this.#requireKnown(service.serviceId);
    const nowMs = this.#options.clock.wallMs();
    const registration = { ...service, createdMs: createdMs ?? nowMs, modifiedMs: nowMs };
    return service.status === "HALT" ? this.#halt(registration) : this.#register(registration, client);
  }

  /** The one place where a service comes to the agent. What is kept of it here is written in the same batch. */
  #register(registration: KeeperRegistration, { beforeListening }: RegistryClient): Promise<PortOutcome> {
    const { checkOutputBytesMax: outputBytesMax, kept, ports } = this.#options;
    const definition = toServiceDefinition(registration, { outputBytesMax });
    const along = kept.putting(registration);
    const options = { source: "api", replaceExistingChecks: true, isAnew: true, beforeListening, along } as const;
    return ports.register(definition, options);
  }

  /** The agent drops what a check finds that is on its way: the service does not come back by it. */
  async #halt(registration: KeeperRegistration): Promise<PortOutcome> {
    const { agent, kept } = this.#options;
    await agent.deregisterService(registration.serviceId, kept.putting(registration));
    return registered;
  }

  /** Somebody has registered or deregistered services over Consul's API: their registrations here say nothing any more. */
  #dropOutdated(): void {
    for (const { serviceId } of this.#options.kept.values())
      if (this.#isOutdated(serviceId)) void this.#dropIfOutdated(serviceId);
  }

  async #dropIfOutdated(serviceId: string): Promise<void> {
    const { kept, log } = this.#options;
    try {
      // Looked at again in its turn: a change that is under way here is not done with the agent.
      await this.#changes.run([serviceId], async () => {
        await kept.delete(serviceId, () => this.#isOutdated(serviceId));
      });
    } catch (error) {
      log.warn("Registration could not be forgotten", { service: serviceId, error: messageOf(error) });
    }
  }

  #isOutdated(serviceId: string): boolean {
    const { agent, kept } = this.#options;
    const registration = kept.get(serviceId);
    return registration !== undefined && (registration.status === "HALT") === agent.services.has(serviceId);
  }

  #halted(serviceId: string): KeeperRegistration | undefined {
    const registration = this.#options.kept.get(serviceId);
    return registration?.status === "HALT" ? registration : undefined;
  }

  #own(serviceId: string): KeeperRegistration | undefined {
    const { agent, kept, store, times } = this.#options;
    const service = agent.services.get(serviceId)?.service;
    if (!service) return undefined;
    const rows = serviceInstances(service.name, [], {}).read(store.state);
    const row = rows.find((each) => each.service.id === serviceId && each.service.node === agent.node.name)?.service;
    const checks = agent.checksOf(serviceId).flatMap((id) => agent.checks.get(id) ?? []);
    return row && showOwn({ row, checks, kept: kept.get(serviceId) }, times);
  }

  /** What is on other nodes of the catalog. */
  #others(): readonly ServiceRow[] {
    const { agent, store } = this.#options;
    return allInstances()
      .read(store.state)
      .filter(({ node }) => node !== agent.node.name);
  }

  #showOther(row: ServiceRow): KeeperRegistration {
    const { store, times } = this.#options;
    const checks = serviceCheckList(row.name, {}).read(store.state);
    return showOther(
      row,
      checks.filter(({ node, serviceId }) => node === row.node && serviceId === row.id),
      times,
    );
  }
}
