import type { Agent } from "../agent/agent.ts";
import { serviceHealth } from "../agent/service-health.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { KeyedQueue } from "../lib/keyed-queue.ts";
import type { Log } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { PortPolicy, PortRecord } from "../model/port-record.ts";
import type { ServiceDefinition } from "../model/service.ts";
import type { Events } from "../registry/events.ts";
import type { Registry } from "../registry/registry.ts";
import { listens, type PortRange } from "./allocation.ts";
import { Hosts, type HostPort } from "./hosts.ts";
import { anotherProgram, Ledger, type Owner, type Reservation } from "./ledger.ts";
import { LedgerFeed } from "./ledger-feed.ts";
import type { ListenerProbe } from "./listener-probe.ts";
import type { Machine } from "./machine.ts";
import { PortAssignments } from "./port-assignments.ts";
import { PortNotices } from "./port-notices.ts";
import {
  conflictCheckId,
  PortRegistrations,
  registered,
  type PortOutcome,
  type PortRegistration,
} from "./port-registrations.ts";
import type { StoredPort } from "./stored-port.ts";

/** The rules for a service that wants a port which has another owner. */
export interface PortRules {
  readonly policy: PortPolicy;
  /** The policies of single services, by service name. */
  readonly policies: ReadonlyMap<string, PortPolicy>;
  readonly range: PortRange;
  readonly reserved: readonly Reservation[];
}

export interface ServicePortsOptions {
  readonly rules: PortRules;
  readonly store: Registry;
  readonly agent: Agent;
  readonly events: Events;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Names and addresses of this machine. */
  readonly ownNames: readonly string[];
  /** The ports of this agent's own listeners. */
  readonly ownPorts: readonly number[];
  readonly machine: Machine;
}

/**
 * Resolves conflicts between services that want the same port. It detects a conflict at one of three moments:
 *
 * - a service starts and reads its configuration (`claim`): the service is assigned a free port, which it then reads;
 * - a client stores a port for a service: the conflict is recorded;
 * - a service registers (`register`): the policy decides: record the conflict, refuse the service, or assign another port.
 *   The service is critical until it registers the assigned port.
 *
 * Life cycle of a conflict: the ledger (ledger.ts) knows who has which port ─▶ the policy decides (decide.ts) ─▶ the decision is
 * written together with the registration ─▶ the service is called about its new port (port-notices.ts) ─▶ it registers there.
 *
 * Invariants: each service has at most one port record, stored as a key that clients can read, watch and delete. Operations on
 * one service run one after the other. The ledger follows from the store and the agent's services, so a restart decides alike.
 */
export class ServicePorts {
  readonly #options: ServicePortsOptions;
  readonly #ledger: Ledger;
  readonly #probe: ListenerProbe;
  readonly #assignments: PortAssignments;
  readonly #notices: PortNotices;
  readonly #registrations: PortRegistrations;
  readonly #feed: LedgerFeed;
  readonly #reassigns: boolean;
  /** The queue that runs the operations on one service one after the other. */
  readonly #queue = new KeyedQueue();
  /** Ids of the services that have read their configuration since a registration last assigned them a port. */
  readonly #configReaders = new Set<string>();

  constructor(options: ServicePortsOptions) {
    const { agent, clock, machine, ownNames, ownPorts, rules, store } = options;
    this.#options = options;
    this.#reassigns = [rules.policy, ...rules.policies.values()].includes("reassign");
    this.#probe = machine.openProbe(clock, agent.node.address);
    this.#ledger = new Ledger({ hosts: new Hosts(ownNames), reserved: rules.reserved, ownPorts });
    const parts = { ...options, ledger: this.#ledger, probe: this.#probe, range: rules.range };
    this.#assignments = new PortAssignments(parts);
    this.#notices = new PortNotices(parts);
    this.#registrations = new PortRegistrations({
      ...parts,
      assignments: this.#assignments,
      configReaders: this.#configReaders,
    });
    this.#feed = new LedgerFeed(this.#ledger, {
      ...{ agent, store },
      listener: {
        onRecord: (service, before) => this.#onRecord(service, before),
        onStored: (base) => this.#background(() => this.#reviewStored(base)),
        onService: (id) => this.#onService(id),
      },
    });
  }

  /** Starts the callbacks that tell services their new ports. The signal stops all callbacks. */
  start(signal: AbortSignal): void {
    this.#notices.start(signal);
  }

  /**
   * Registers a service with the agent, unless the policy refuses it. The outcome names the port to which the service must
   * move, if any.
   * @throws OperatingError in the same cases as Agent.registerService
   */
  register(definition: ServiceDefinition, registration: PortRegistration): Promise<PortOutcome> {
    const { id, name } = definition.service;
    const asked = { ...registration, policy: this.#policyOf(name) };
    // While the queue is not empty, the registration joins it: an operation under way may be about this service.
    const plain = this.#queue.size === 0 ? this.#registrations.registerPlain(definition, asked) : undefined;
    const updateLedger = (): void => this.#feed.updateService(id);
    if (plain)
      return plain.then(
        () => registered,
        (error: unknown) => {
          updateLedger();
          throw error;
        },
      );
    return this.#queue.run([id], () => this.#registrations.register(definition, asked)).finally(updateLedger);
  }

  /** Returns whether the path is a service's configuration whose stored port `claim` may replace. */
  isClaimable(path: string): boolean {
    return this.#reassigns && this.#ledger.storedAt(baseOf(path)) !== undefined;
  }

  /**
   * Assigns and stores a free port if the port stored in the configuration at this path has another owner, unless the service
   * is passing. The caller calls this before a service reads that configuration. Never rejects.
   */
  async claim(path: string): Promise<void> {
    const service = this.#reassigns && this.#ledger.storedAt(baseOf(path))?.service;
    if (!service || this.#policyOf(service) !== "reassign") return;
    try {
      await this.#queue.run([service], () => this.#claim(baseOf(path)));
    } catch (error) {
      this.#options.log.error("Cannot resolve a port conflict", { service, error: messageOf(error) });
    }
  }

  async #claim(base: string): Promise<void> {
    const stored = this.#ledger.storedAt(base);
    if (stored === undefined) return;
    const { service } = stored;
    this.#configReaders.add(service);
    if (this.#isHealthy(service) || this.#ignoresStored(stored)) return;
    const owner = this.#ledger.ownerOf(stored, service) ?? (await this.#listener(stored, service));
    if (owner) await this.#assignments.assign({ service, hostPort: hostPortOf(stored), owner }, [stored]);
  }

  /** Returns another program as the owner if one listens at the port and the service is not registered there. */
  async #listener(hostPort: HostPort, service: string): Promise<Owner | undefined> {
    if (this.#ledger.isRegisteredAt(service, hostPort)) return undefined;
    return (await listens(hostPort, this.#ledger.hosts, this.#probe)) ? anotherProgram : undefined;
  }

  #isHealthy(id: string): boolean {
    const { agent } = this.#options;
    const known = agent.services.get(id);
    return known !== undefined && serviceHealth(agent, known.service).status === "passing";
  }

  /** Returns whether the service ignores the port that is stored for it. */
  #ignoresStored({ service, port }: StoredPort): boolean {
    const record = this.#ledger.record(service);
    return record?.state === "pinned" && record.newPort === port;
  }

  /** Records a conflict of a stored port. Assigns no port: `claim` and `register` do, when the service starts. */
  async #reviewStored(base: string): Promise<void> {
    // Each server of a cluster sees the stored port. One of them records the conflict.
    if (!this.#options.store.leads) return;
    const service = this.#ledger.storedAt(base)?.service;
    if (service === undefined || this.#policyOf(service) === "off") return;
    await this.#queue.run([service], async () => {
      const stored = this.#ledger.storedAt(base);
      const record = this.#ledger.record(service);
      const hasAssigned = record !== undefined && record.newPort > 0;
      if (!stored?.isWhole || hasAssigned || this.#ledger.isRegisteredAt(service, stored)) return;
      const owner = this.#ledger.ownerOf(stored, service);
      if (owner) await this.#assignments.mark({ service, hostPort: hostPortOf(stored), owner });
      else if (record?.state === "conflict" && !this.#ledger.isRegistered(service))
        await this.#assignments.settle(service, "released");
    });
  }

  #onRecord(service: string, before: PortRecord | undefined): void {
    const record = this.#ledger.record(service);
    this.#notices.announce(record, before);
    this.#notices.call(service);
    if (record === undefined) this.#background(() => this.#options.agent.deregisterCheck(conflictCheckId(service)));
  }

  #onService(id: string): void {
    this.#notices.call(id);
    if (!this.#ledger.isRegistered(id) && this.#ledger.record(id)) this.#background(() => this.#release(id));
  }

  /**
   * Updates the record of a service that was deregistered. A record with an assigned port becomes "released", and the port stays
   * reserved for the service. A pinned record stays unchanged, since the service will insist on its port again. Any other record
   * is deleted.
   */
  async #release(id: string): Promise<void> {
    await this.#queue.run([id], async () => {
      const record = this.#ledger.record(id);
      if (record === undefined || record.state === "pinned" || this.#ledger.isRegistered(id)) return;
      await (record.newPort > 0 ? this.#assignments.settle(id, "released") : this.#assignments.forget(id));
    });
  }

  /** Runs a task after the present commit is complete. Callbacks of a commit use this, because they must not write themselves. */
  #background(task: () => Promise<void>): void {
    queueMicrotask(() => {
      if (this.#options.store.closed) return;
      task().catch((error: unknown) =>
        this.#options.log.error("Cannot resolve a port conflict", { error: messageOf(error) }),
      );
    });
  }

  #policyOf(service: string): PortPolicy {
    const { policies, policy } = this.#options.rules;
    return policies.get(service) ?? policy;
  }
}

/** Returns the path with a final slash, which C device services omit. */
function baseOf(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}

function hostPortOf({ host, port }: HostPort): HostPort {
  return { host, port };
}
