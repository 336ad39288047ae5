import type { Agent } from "../agent/agent.ts";
import type { Along, ServiceRegistration } from "../agent/service-registration.ts";
import type { PortPolicy, PortRecord } from "../model/port-record.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { listens } from "./allocation.ts";
import { conflictCheck, conflictCheckId } from "./conflict-check.ts";
import { conflictSentence } from "./conflict-sentence.ts";
import { decide, isOpenAt, type Verdict } from "./decide.ts";
import type { Place } from "./hosts.ts";
import { anotherProgram, type Ledger, type Owner } from "./ledger.ts";
import type { ListenerProbe } from "./listener-probe.ts";
import type { KeyTransactions, PortAssignments, PortConflict } from "./port-assignments.ts";

/** What became of a registration. */
export type PortOutcome =
  /** With a change the service is to go to another port, and is critical until it is there. */
  { readonly kind: "registered"; readonly change?: PortRecord } | { readonly kind: "refused"; readonly reason: string };

export interface PortRegistrationsOptions {
  readonly agent: Agent;
  readonly ledger: Ledger;
  readonly probe: ListenerProbe;
  readonly assignments: PortAssignments;
  /** Services that have read their configuration since they were last given a port by registering. */
  readonly readers: Set<string>;
}

/** How a service is registered, by whichever API. */
export interface PortRegistration extends Pick<
  ServiceRegistration,
  "source" | "replaceExistingChecks" | "isAnew" | "along"
> {
  /** Such clients register before they listen: whoever listens there already is somebody else. */
  readonly beforeListening: boolean;
}

/** One registration, with what is to be done about its port. The caller sees to it that a service has one at a time. */
interface Case {
  readonly definition: ServiceDefinition;
  readonly registration: PortRegistration;
  readonly place: Place;
}

/** Registers services with the agent, as their ports allow. */
export class PortRegistrations {
  readonly #options: PortRegistrationsOptions;

  constructor(options: PortRegistrationsOptions) {
    this.#options = options;
  }

  /**
   * Registers a service whose port is nobody else's and of which nothing is noted, which is nearly always so. undefined
   * when there is more to it. As for `register`, the ledger is to be put right when it rejects.
   */
  registerPlain(
    definition: ServiceDefinition,
    { policy, ...registration }: PortRegistration & { readonly policy: PortPolicy },
  ): Promise<void> | undefined {
    const { ledger } = this.#options;
    const { id, address: host, port } = definition.service;
    const place = { host, port };
    if (ledger.record(id) !== undefined || (registration.beforeListening && ledger.storedOf(id).length > 0))
      return undefined;
    const isFree = isUncontested(ledger, place, policy) || ledger.isRegisteredAt(id, place);
    if (!isFree && ledger.ownerOf(place, id)) return undefined;
    ledger.setRegistered(id, place);
    return this.#registerWith(definition, registration);
  }

  /** The ledger has the service at its new place from the first moment on; when this rejects, that is to be undone. */
  async register(
    definition: ServiceDefinition,
    { policy, ...registration }: PortRegistration & { readonly policy: PortPolicy },
  ): Promise<PortOutcome> {
    const { id, address: host, port } = definition.service;
    const one: Case = { definition, registration, place: { host, port } };
    const { ledger } = this.#options;
    const keepsPort = ledger.isRegisteredAt(id, one.place);
    ledger.setRegistered(id, one.place);
    if (policy === "off" || isUncontested(ledger, one.place, policy)) {
      await this.#register(one);
      return registered;
    }
    const known = ledger.record(id);
    const owner = ledger.ownerOf(one.place, id) ?? (await this.#listener(one, keepsPort && !isOpenAt(known, port)));
    // What was given on another host is of no use here.
    const record = owner && known && !ledger.hosts.isSame({ ...known, port }, one.place) ? undefined : known;
    const ignoresStored = this.#ignoresStored(id, port);
    return this.#carryOut(decide({ policy, port, owner, record, keepsPort, ignoresStored }), one);
  }

  async #carryOut(verdict: Verdict, one: Case): Promise<PortOutcome> {
    const { assignments } = this.#options;
    const service = one.definition.service.id;
    const writing = (transactions: KeyTransactions): Promise<void> => this.#register(one, { transactions });
    switch (verdict.do) {
      case "nothing":
        await this.#register(one);
        return registered;
      case "settle":
        await assignments.settle(service, verdict.state, writing);
        return registered;
      case "mark":
        await assignments.mark(conflictOf(one, verdict.owner), writing);
        return registered;
      case "refuse":
        return { kind: "refused", reason: (await assignments.mark(conflictOf(one, verdict.owner))).reason };
      case "pin":
        await this.#pin(one, verdict.owner);
        return registered;
      case "remind":
        await this.#register(one, { conflict: verdict.record.reason });
        return { kind: "registered", change: verdict.record };
      case "assign":
        return this.#assign(one, verdict.owner);
    }
  }

  async #pin(one: Case, owner: Owner): Promise<void> {
    const conflict = conflictSentence(one.place, owner);
    await this.#options.assignments.pin(conflictOf(one, owner), (transactions) =>
      this.#register(one, { conflict, transactions }),
    );
  }

  async #assign(one: Case, owner: Owner): Promise<PortOutcome> {
    const { assignments, ledger, readers } = this.#options;
    const { id } = one.definition.service;
    readers.delete(id);
    const stored = ledger.storedOf(id);
    const record = await assignments.assign(conflictOf(one, owner), stored, (transactions, { reason }) =>
      this.#register(one, { conflict: reason, transactions }),
    );
    return record.state === "pending" ? { kind: "registered", change: record } : registered;
  }

  /** @param decision `conflict`: why the service is critical while it is registered there; `transactions`: in its batch */
  async #register(
    { definition, registration }: Case,
    decision: { readonly conflict?: string; readonly transactions?: KeyTransactions } = {},
  ): Promise<void> {
    const { conflict = "", transactions = [] } = decision;
    const { id } = definition.service;
    const change = conflict === "" ? { endedCheck: conflictCheckId(id) } : { fixedCheck: conflictCheck(id, conflict) };
    await this.#registerWith(definition, registration, { ...change, along: { ...registration.along, transactions } });
  }

  /** @param change of the check that tells of a conflict, with what else is in the batch */
  async #registerWith(
    definition: ServiceDefinition,
    { source, replaceExistingChecks = false, isAnew = false, along }: PortRegistration,
    change: Pick<ServiceRegistration, "endedCheck" | "fixedCheck"> & { readonly along?: Along } = {},
  ): Promise<void> {
    const asked = { source, replaceExistingChecks, isAnew, along, ...change };
    await this.#options.agent.registerService(definition, asked);
  }

  /**
   * A program that listens where the service is going to. Looked for only where the client is known to listen later: of
   * Go's clients EdgeX's are told by the port that they have stored. A service that is registered there already is left
   * alone: it may be itself, or its last instance.
   */
  async #listener({ definition, place, registration }: Case, isAtHome: boolean): Promise<Owner | undefined> {
    const { ledger, probe } = this.#options;
    const isLater = registration.beforeListening && ledger.storedOf(definition.service.id).length > 0;
    if (isAtHome || !isLater) return undefined;
    return (await listens(place, ledger.hosts, probe)) ? anotherProgram : undefined;
  }

  #ignoresStored(service: string, port: number): boolean {
    const { ledger, readers } = this.#options;
    const stored = ledger.storedOf(service);
    return readers.has(service) && stored.length > 0 && stored.every((each) => each.port !== port);
  }
}

/** Whether nobody looks who else has the port. */
function isUncontested(ledger: Ledger, place: Place, policy: PortPolicy): boolean {
  return policy === "off" || place.port === 0 || (policy === "warn" && ledger.isShared(place));
}

export const registered: PortOutcome = { kind: "registered" };

function conflictOf({ definition, place }: Case, owner: Owner): PortConflict {
  return { service: definition.service.id, place, owner };
}
