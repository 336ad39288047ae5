import type { Agent } from "../agent/agent.ts";
import { fixedCheck } from "../agent/local-state.ts";
import type { Along, FixedCheck, ServiceRegistration } from "../agent/service-registration.ts";
import { portConflictPrefix } from "../model/check-reason.ts";
import type { PortPolicy, PortRecord } from "../model/port-record.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { listens } from "./allocation.ts";
import { decide, isUnresolvedAt, type Decision } from "./decide.ts";
import type { HostPort } from "./hosts.ts";
import { anotherProgram, conflictSentence, type Ledger, type Owner } from "./ledger.ts";
import type { ListenerProbe } from "./listener-probe.ts";
import type { KeyTransactions, PortAssignments, PortConflict } from "./port-assignments.ts";

/** The result of a registration. */
export type PortOutcome =
  /** `change` assigns another port to the service, which is critical until it registers that port. */
  { readonly kind: "registered"; readonly change?: PortRecord } | { readonly kind: "refused"; readonly reason: string };

export interface PortRegistrationsOptions {
  readonly agent: Agent;
  readonly ledger: Ledger;
  readonly probe: ListenerProbe;
  readonly assignments: PortAssignments;
  /** Ids of the services that have read their configuration since a registration last assigned them a port. */
  readonly configReaders: Set<string>;
}

/** The options of a registration through Consul's API or core-keeper's. */
export interface PortRegistration extends Pick<
  ServiceRegistration,
  "source" | "replaceExistingChecks" | "isAnew" | "along" | "token"
> {
  /** Whether the client registers before it listens. A program that already listens at the service's port is then another one. */
  readonly beforeListening: boolean;
}

/** A registration under way. The caller makes sure that each service has at most one at a time. */
interface Attempt {
  readonly definition: ServiceDefinition;
  readonly registration: PortRegistration;
  readonly hostPort: HostPort;
}

/** Registers services with the agent after `decide` has decided about their ports. */
export class PortRegistrations {
  readonly #options: PortRegistrationsOptions;

  constructor(options: PortRegistrationsOptions) {
    this.#options = options;
  }

  /**
   * Registers a service that has a free port and no port record, as nearly every service does. Returns undefined, and
   * registers nothing, for any other service. As with `register`, the caller must update the ledger if the promise rejects.
   */
  registerPlain(
    definition: ServiceDefinition,
    { policy, ...registration }: PortRegistration & { readonly policy: PortPolicy },
  ): Promise<void> | undefined {
    const { ledger } = this.#options;
    const { id, address: host, port } = definition.service;
    const hostPort = { host, port };
    if (ledger.record(id) !== undefined || (registration.beforeListening && ledger.storedOf(id).length > 0))
      return undefined;
    const isFree = isUncontested(ledger, hostPort, policy) || ledger.isRegisteredAt(id, hostPort);
    if (!isFree && ledger.ownerOf(hostPort, id)) return undefined;
    ledger.setRegistered(id, hostPort);
    return this.#registerWith(definition, registration);
  }

  /** Registers the service. Writes its address to the ledger first, so the caller must update the ledger if this rejects. */
  async register(
    definition: ServiceDefinition,
    { policy, ...registration }: PortRegistration & { readonly policy: PortPolicy },
  ): Promise<PortOutcome> {
    const { id, address: host, port } = definition.service;
    const attempt: Attempt = { definition, registration, hostPort: { host, port } };
    const { ledger } = this.#options;
    const keepsPort = ledger.isRegisteredAt(id, attempt.hostPort);
    ledger.setRegistered(id, attempt.hostPort);
    if (policy === "off" || isUncontested(ledger, attempt.hostPort, policy)) {
      await this.#register(attempt);
      return registered;
    }
    const known = ledger.record(id);
    const owner =
      ledger.ownerOf(attempt.hostPort, id) ??
      (await this.#listener(attempt, keepsPort && !isUnresolvedAt(known, port)));
    // A record about another host is ignored, since the port that it assigns may be taken on this host.
    const record = owner && known && !ledger.hosts.isSame({ ...known, port }, attempt.hostPort) ? undefined : known;
    const ignoresStored = this.#ignoresStored(id, port);
    return this.#carryOut(decide({ policy, port, owner, record, keepsPort, ignoresStored }), attempt);
  }

  async #carryOut(decision: Decision, attempt: Attempt): Promise<PortOutcome> {
    const { assignments } = this.#options;
    const service = attempt.definition.service.id;
    const writing = (transactions: KeyTransactions): Promise<void> => this.#register(attempt, { transactions });
    switch (decision.do) {
      case "nothing":
        await this.#register(attempt);
        return registered;
      case "settle":
        await assignments.settle(service, decision.state, writing);
        return registered;
      case "mark":
        await assignments.mark(conflictOf(attempt, decision.owner), writing);
        return registered;
      case "refuse":
        return { kind: "refused", reason: (await assignments.mark(conflictOf(attempt, decision.owner))).reason };
      case "pin":
        await this.#pin(attempt, decision.owner);
        return registered;
      case "remind":
        await this.#register(attempt, { conflict: decision.record.reason });
        return { kind: "registered", change: decision.record };
      case "assign":
        return this.#assign(attempt, decision.owner);
    }
  }

  async #pin(attempt: Attempt, owner: Owner): Promise<void> {
    const conflict = conflictSentence(attempt.hostPort, owner);
    await this.#options.assignments.pin(conflictOf(attempt, owner), (transactions) =>
      this.#register(attempt, { conflict, transactions }),
    );
  }

  async #assign(attempt: Attempt, owner: Owner): Promise<PortOutcome> {
    const { assignments, ledger, configReaders } = this.#options;
    const { id } = attempt.definition.service;
    configReaders.delete(id);
    const stored = ledger.storedOf(id);
    const record = await assignments.assign(conflictOf(attempt, owner), stored, (transactions, { reason }) =>
      this.#register(attempt, { conflict: reason, transactions }),
    );
    return record.state === "pending" ? { kind: "registered", change: record } : registered;
  }

  /**
   * Registers the service.
   * @param decision `conflict`: why the service is critical at this port; `transactions`: key operations in the same batch
   */
  async #register(
    { definition, registration }: Attempt,
    decision: { readonly conflict?: string; readonly transactions?: KeyTransactions } = {},
  ): Promise<void> {
    const { conflict = "", transactions = [] } = decision;
    const { id } = definition.service;
    const change = conflict === "" ? { endedCheck: conflictCheckId(id) } : { fixedCheck: conflictCheck(id, conflict) };
    await this.#registerWith(definition, registration, { ...change, along: { ...registration.along, transactions } });
  }

  /** Registers the service. @param change adds or removes the check for a port conflict, and adds writes to the same batch */
  async #registerWith(
    definition: ServiceDefinition,
    { source, replaceExistingChecks = false, isAnew = false, along, token }: PortRegistration,
    change: Pick<ServiceRegistration, "endedCheck" | "fixedCheck"> & { readonly along?: Along } = {},
  ): Promise<void> {
    const asked = { source, replaceExistingChecks, isAnew, along, token, ...change };
    await this.#options.agent.registerService(definition, asked);
  }

  /**
   * Returns another program as the owner if one listens at the port. Probes only for EdgeX's services in Go, which register
   * before they listen; unlike other Go clients, such a service has a stored port. Does not probe for a service that is
   * already registered at the port, since the program that listens may be the service itself.
   */
  async #listener({ definition, hostPort, registration }: Attempt, keepsPort: boolean): Promise<Owner | undefined> {
    const { ledger, probe } = this.#options;
    const isLater = registration.beforeListening && ledger.storedOf(definition.service.id).length > 0;
    if (keepsPort || !isLater) return undefined;
    return (await listens(hostPort, ledger.hosts, probe)) ? anotherProgram : undefined;
  }

  #ignoresStored(service: string, port: number): boolean {
    const { ledger, configReaders } = this.#options;
    const stored = ledger.storedOf(service);
    return configReaders.has(service) && stored.length > 0 && stored.every((each) => each.port !== port);
  }
}

/** Returns whether the port's owner, if any, does not matter to the registration, so that it need not be looked up. */
function isUncontested(ledger: Ledger, hostPort: HostPort, policy: PortPolicy): boolean {
  return policy === "off" || hostPort.port === 0 || (policy === "warn" && ledger.isShared(hostPort));
}

export const registered: PortOutcome = { kind: "registered" };

function conflictOf({ definition, hostPort }: Attempt, owner: Owner): PortConflict {
  return { service: definition.service.id, hostPort, owner };
}

export function conflictCheckId(serviceId: string): string {
  return portConflictPrefix + serviceId;
}

/** Returns the check that keeps a service critical even if another program answers the service's own check at the taken port. */
function conflictCheck(serviceId: string, reason: string): FixedCheck {
  const definition = fixedCheck({ id: conflictCheckId(serviceId), name: "Port Conflict", serviceId, notes: reason });
  return { definition, type: "port-conflict" };
}
