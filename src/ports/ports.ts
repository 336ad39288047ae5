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
import type { Store } from "../registry/store.ts";
import { listens, type PortRange } from "./allocation.ts";
import { conflictCheckId } from "./conflict-check.ts";
import { Hosts, type Place } from "./hosts.ts";
import { anotherProgram, Ledger, type Owner, type Reservation } from "./ledger.ts";
import { LedgerFeed } from "./ledger-feed.ts";
import type { ListenerProbe } from "./listener-probe.ts";
import type { Machine } from "./machine.ts";
import { PortAssignments } from "./port-assignments.ts";
import { PortNotices } from "./port-notices.ts";
import { PortRegistrations, registered, type PortOutcome, type PortRegistration } from "./port-registrations.ts";
import type { StoredPort } from "./stored-port.ts";

/** What is done when a service wants a port that is another's. */
export interface PortRules {
  readonly policy: PortPolicy;
  /** By service name. */
  readonly policies: ReadonlyMap<string, PortPolicy>;
  readonly range: PortRange;
  readonly reserved: readonly Reservation[];
}

export interface PortsOptions {
  readonly rules: PortRules;
  readonly store: Store;
  readonly agent: Agent;
  readonly events: Events;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Names and addresses of this machine. */
  readonly ownNames: readonly string[];
  /** What this agent itself listens on. */
  readonly ownPorts: readonly number[];
  readonly machine: Machine;
}

/**
 * Looks after ports that two services want. There are three moments at which that shows:
 *
 * - a service starts and reads its configuration (`claim`): it is given another port at once, and reads that;
 * - a port is stored: the conflict is noted;
 * - a service registers (`register`): the conflict is noted, refused, or ended by another port, as the policy says. Until
 *   the service is on that port it is critical.
 *
 * What became of a service's port is its record, a key like any other.
 */
export class Ports {
  readonly #options: PortsOptions;
  readonly #ledger: Ledger;
  readonly #probe: ListenerProbe;
  readonly #assignments: PortAssignments;
  readonly #notices: PortNotices;
  readonly #registrations: PortRegistrations;
  readonly #feed: LedgerFeed;
  readonly #reassigns: boolean;
  /** What is done about one service is done one after the other. */
  readonly #turns = new KeyedQueue();
  /** Services that have read their configuration since they were last given a port by registering. */
  readonly #readers = new Set<string>();

  constructor(options: PortsOptions) {
    const { agent, clock, machine, ownNames, ownPorts, rules, store } = options;
    this.#options = options;
    this.#reassigns = [rules.policy, ...rules.policies.values()].includes("reassign");
    this.#probe = machine.openProbe(clock, agent.node.address);
    this.#ledger = new Ledger({ hosts: new Hosts(ownNames), reserved: rules.reserved, ownPorts });
    const parts = { ...options, ledger: this.#ledger, probe: this.#probe, range: rules.range };
    this.#assignments = new PortAssignments(parts);
    this.#notices = new PortNotices(parts);
    this.#registrations = new PortRegistrations({ ...parts, assignments: this.#assignments, readers: this.#readers });
    this.#feed = new LedgerFeed(this.#ledger, {
      ...{ agent, store },
      listener: {
        onRecord: (service, before) => this.#onRecord(service, before),
        onStored: (base) => this.#background(() => this.#reviewStored(base)),
        onService: (id) => this.#onService(id),
      },
    });
  }

  /** From now on, until the signal aborts, services are called that want to be told. */
  start(signal: AbortSignal): void {
    this.#notices.start(signal);
  }

  /**
   * Registers a service with the agent. Its outcome says whether it was, and which port it is to go to.
   * @throws OperatingError as Agent.registerService
   */
  register(definition: ServiceDefinition, registration: PortRegistration): Promise<PortOutcome> {
    const { id, name } = definition.service;
    const asked = { ...registration, policy: this.#policyOf(name) };
    // Not while something else is done about a service: it might be this one.
    const plain = this.#turns.size === 0 ? this.#registrations.registerPlain(definition, asked) : undefined;
    const takeUp = (): void => this.#feed.takeUpService(id);
    if (plain)
      return plain.then(
        () => registered,
        (error: unknown) => {
          takeUp();
          throw error;
        },
      );
    return this.#turns.run([id], () => this.#registrations.register(definition, asked)).finally(takeUp);
  }

  /** Whether it is the path of a service's configuration whose port may be another when it is read. */
  isClaimable(path: string): boolean {
    return this.#reassigns && this.#ledger.storedAt(baseOf(path)) !== undefined;
  }

  /**
   * A service that starts is about to read its configuration, at this path: if the port that is stored there is another's,
   * it gets a new one, which is then stored. Services that are well are left alone. Never rejects.
   */
  async claim(path: string): Promise<void> {
    const service = this.#reassigns && this.#ledger.storedAt(baseOf(path))?.service;
    if (!service || this.#policyOf(service) !== "reassign") return;
    try {
      await this.#turns.run([service], () => this.#claim(baseOf(path)));
    } catch (error) {
      this.#options.log.error("Port could not be looked after", { service, error: messageOf(error) });
    }
  }

  async #claim(base: string): Promise<void> {
    const stored = this.#ledger.storedAt(base);
    if (stored === undefined) return;
    const { service } = stored;
    this.#readers.add(service);
    if (this.#isHealthy(service) || this.#isPinnedElsewhere(stored)) return;
    const owner = this.#ledger.ownerOf(stored, service) ?? (await this.#listener(stored, service));
    if (owner) await this.#assignments.assign({ service, place: placeOf(stored), owner }, [stored]);
  }

  /** Whoever listens where a service is not registered is somebody else. */
  async #listener(place: Place, service: string): Promise<Owner | undefined> {
    if (this.#ledger.isRegisteredAt(service, place)) return undefined;
    return (await listens(place, this.#ledger.hosts, this.#probe)) ? anotherProgram : undefined;
  }

  #isHealthy(id: string): boolean {
    const { agent } = this.#options;
    const known = agent.services.get(id);
    return known !== undefined && serviceHealth(agent, known.service).status === "passing";
  }

  /** It would not take another port. */
  #isPinnedElsewhere({ service, port }: StoredPort): boolean {
    const record = this.#ledger.record(service);
    return record?.state === "pinned" && record.newPort === port;
  }

  /** A port was stored. What is to be done about it is done when its service starts; until then it is only noted. */
  async #reviewStored(base: string): Promise<void> {
    const service = this.#ledger.storedAt(base)?.service;
    if (service === undefined || this.#policyOf(service) === "off") return;
    await this.#turns.run([service], async () => {
      const stored = this.#ledger.storedAt(base);
      const record = this.#ledger.record(service);
      const isUnderWay = record !== undefined && record.newPort > 0;
      if (!stored?.isWhole || isUnderWay || this.#ledger.isRegisteredAt(service, stored)) return;
      const owner = this.#ledger.ownerOf(stored, service);
      if (owner) await this.#assignments.mark({ service, place: placeOf(stored), owner });
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

  /** Its service was deregistered. Who insists on a port will do so again; of who was given none, nothing is kept. */
  async #release(id: string): Promise<void> {
    await this.#turns.run([id], async () => {
      const record = this.#ledger.record(id);
      if (record === undefined || record.state === "pinned" || this.#ledger.isRegistered(id)) return;
      await (record.newPort > 0 ? this.#assignments.settle(id, "released") : this.#assignments.forget(id));
    });
  }

  /** Not within the commit that was the reason for it. */
  #background(task: () => Promise<void>): void {
    queueMicrotask(() => {
      if (this.#options.store.closed) return;
      task().catch((error: unknown) =>
        this.#options.log.error("Port could not be looked after", { error: messageOf(error) }),
      );
    });
  }

  #policyOf(service: string): PortPolicy {
    const { policies, policy } = this.#options.rules;
    return policies.get(service) ?? policy;
  }
}

/** C device services leave the final slash away. */
function baseOf(path: string): string {
  return path.endsWith("/") ? path : `${path}/`;
}

function placeOf({ host, port }: Place): Place {
  return { host, port };
}
