import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Check, CheckDefinition, CheckStatus } from "../model/check.ts";
import { dnsLabelFault } from "../model/dns-label.ts";
import type { Node } from "../model/node.ts";
import { requireScriptAllowed, type ScriptPermission } from "../model/script-permission.ts";
import { checksIn, type ServiceDefinition } from "../model/service.ts";
import { sidecarAt, sidecarId } from "../model/sidecar.ts";
import type { Catalog, LocalRows } from "./catalog.ts";
import { toCatalogCheck } from "./catalog-check.ts";
import { CheckResults, type CheckFinding, type CheckSet } from "./check-results.ts";
import type { FixedCheckType } from "./fixed-check.ts";
import { LocalState } from "./local-state.ts";
import {
  checkRows,
  restore,
  saveCheck,
  saveService,
  serviceRows,
  type LocalCheck,
  type LocalService,
  type SavedRow,
  type Source,
} from "./registrations.ts";
import { type ReservedPort, type SidecarPortRange, SidecarPorts } from "./sidecar-ports.ts";
import { RetryingQueue } from "./retrying-queue.ts";

export interface AgentOptions {
  readonly node: Node;
  readonly catalog: Catalog;
  readonly rows: LocalRows;
  readonly clock: Clock;
  readonly log: Log;
  /** Ids of services and checks of this node that a server keeps by itself: "consul", "serfHealth". */
  readonly reserved: ReadonlySet<string>;
  readonly scripts: ScriptPermission;
  readonly discardOutput: boolean;
  /** The ports of sidecars that name none. */
  readonly sidecarPorts: SidecarPortRange;
}

/** How a service is registered. */
export interface ServiceRegistration {
  readonly source: Source;
  /** Checks of the service that are not named go. */
  readonly replaceExistingChecks?: boolean;
  /** Checks that are known begin again, as if they were not. */
  readonly isAnew?: boolean;
  /** A check of the service that is not run: it is critical for as long as it is there. */
  readonly fixedCheck?: FixedCheck | undefined;
  /** The id of a check that goes, if it is there. */
  readonly endedCheck?: string;
  readonly isSidecar?: boolean;
}

export interface FixedCheck {
  readonly definition: CheckDefinition;
  readonly type: FixedCheckType;
}

/** Services and checks that come, are replaced or go together. */
interface Change {
  readonly service?: LocalService;
  readonly checks: readonly LocalCheck[];
  /** The ids of checks that go. */
  readonly dropped?: readonly string[];
  /** Nothing is known of the checks that come, whatever was found before. */
  readonly isAnew?: boolean;
}

/**
 * The services and checks registered with this agent. What it is asked to register is written to its own rows and to
 * the catalog in the same batch; only then is it shown, checked and answered for. A check's result reaches the catalog
 * when its status changes; its output is shown beside it from memory.
 *
 * What changes one service or check is done one after the other, so that each change starts from what the one before it
 * has left, and the catalog and the agent end with the same; changes of others are not waited for, and share batches.
 */
export class Agent {
  readonly reserved: ReadonlySet<string>;
  readonly #options: AgentOptions;
  #node: Node;
  readonly #registered = new LocalState();
  readonly #changes: RetryingQueue;
  readonly #results: CheckResults;
  readonly #sidecarPorts: SidecarPorts;
  /** What the catalog had for checks before this start, until they run. */
  #lastStatuses: ReadonlyMap<string, CheckStatus> = new Map();

  constructor(options: AgentOptions) {
    this.#node = options.node;
    this.reserved = options.reserved;
    this.#options = options;
    this.#changes = new RetryingQueue(options.clock);
    this.#sidecarPorts = new SidecarPorts(options.sidecarPorts);
    this.#results = new CheckResults({
      ...options,
      node: () => this.#node,
      registered: this.#registered,
      inTurn: (checkId, task) => this.#inTurn("", [checkId], task),
      reap: (serviceId) => this.deregisterService(serviceId),
    });
  }

  get node(): Node {
    return this.#node;
  }

  /** The catalog has it with the next registration. */
  changeMeta(meta: Node["meta"]): void {
    this.#node = { ...this.#node, meta };
  }

  /** Sorted by nothing: in order of registration. */
  get services(): ReadonlyMap<string, LocalService> {
    return this.#registered.services;
  }

  get checks(): ReadonlyMap<string, LocalCheck> {
    return this.#registered.checks;
  }

  /** Calls `look` with the id each time a service comes, is replaced or goes. Returns what ends that. */
  watchServices(look: (serviceId: string) => void): () => void {
    const { watchers } = this.#registered;
    watchers.add(look);
    return () => void watchers.delete(look);
  }

  get catalog(): Catalog {
    return this.#options.catalog;
  }

  /**
   * Takes up what was registered before the agent stopped. Checks, also those that files will define, go on with the
   * status that the catalog has for them, until their first result says otherwise.
   */
  async restore(rows: readonly SavedRow[]): Promise<void> {
    const { services, checks } = restore(rows);
    const stored = await this.catalog.contents();
    this.#lastStatuses = new Map(stored.checks.map((row) => [row.id, row.status]));
    for (const service of services) this.#registered.setService(service);
    for (const { definition, type } of checks) {
      const status = this.#lastStatuses.get(definition.id) ?? definition.initialStatus;
      this.#registered.setCheck({ definition, type, source: "api", status, output: "" });
    }
    this.#results.noteAll();
  }

  /**
   * Removes checks whose service is not there: the API gave them to a service of a file that is gone since. For the end
   * of a start, when all services are known.
   */
  async dropOrphans(): Promise<void> {
    const orphans = [...this.checks.values()].filter(
      ({ definition: { serviceId } }) => serviceId !== "" && !this.services.has(serviceId),
    );
    await Promise.all(orphans.map(({ definition }) => this.deregisterCheck(definition.id)));
  }

  /** From now on checks run. */
  startChecks(checkSet: CheckSet): void {
    this.#lastStatuses = new Map();
    this.#results.start(checkSet);
  }

  /** Nothing is run any more, and nothing tried again. */
  stop(): void {
    this.#changes.stop();
    this.#results.stop();
  }

  /** What checks print is forgotten at once; only their status counts. */
  set discardOutput(discard: boolean) {
    this.#results.discardOutput = discard;
  }

  /**
   * Registers or replaces a service with its checks and its sidecar. Checks that are known keep their status, unless
   * `isAnew`; checks of the service that are not named stay, unless `replaceExistingChecks`. A sidecar that is registered
   * stays where the definition has none.
   * @throws OperatingError denied when a check may not run, or no port is left for the sidecar; unavailable when it cannot
   * be made durable; nothing has changed then
   */
  async registerService(definition: ServiceDefinition, registration: ServiceRegistration): Promise<void> {
    const { source, replaceExistingChecks = false } = registration;
    using reserved = this.prepare(definition, source);
    const sidecar = sidecarAt(definition, reserved.port);
    // In one tick, and so in one batch.
    await Promise.all([
      this.#registerService(definition, registration),
      sidecar && this.#registerService(sidecar, { source, replaceExistingChecks, isSidecar: true }),
    ]);
  }

  /**
   * Reserves a port for a service's sidecar, if it has one, for a registration that follows.
   * @throws OperatingError denied when the service cannot be registered
   */
  prepare(definition: ServiceDefinition, source: Source): ReservedPort {
    for (const check of checksIn(definition)) this.requireAllowed(check, source);
    return this.#sidecarPorts.reserve(definition, this.services);
  }

  async #registerService(
    { service, checks }: ServiceDefinition,
    {
      source,
      replaceExistingChecks = false,
      isAnew = false,
      fixedCheck,
      endedCheck = "",
      isSidecar = false,
    }: ServiceRegistration,
  ): Promise<void> {
    this.#warnOfName(service.name);
    const fixed = fixedCheck ? [toFixed(fixedCheck, this.#options.clock.wallMs())] : [];
    const named = new Set([...checks, ...fixed.map(({ definition }) => definition)].map((check) => check.id));
    await this.#inTurn(service.id, [...named], async () => {
      const known = replaceExistingChecks ? this.checksOf(service.id) : [];
      const ended = this.checks.has(endedCheck) ? [endedCheck] : [];
      await this.#commit({
        service: { service, source, isSidecar },
        checks: [
          ...checks.map((check) => (isAnew ? unknownCheck(check, source) : this.#toLocal(check, source))),
          ...fixed,
        ],
        dropped: [...new Set([...known, ...ended])].filter((id) => !named.has(id)),
        isAnew,
      });
      this.#options.log.debug("Synced service", { service: service.id });
    });
  }

  /** @throws OperatingError unavailable while it is not known what became of an earlier change of the service */
  requireKnown(serviceId: string): void {
    const checks = this.checksOf(serviceId).map((id) => `check/${id}`);
    this.#changes.requireKnown([`service/${serviceId}`, ...checks]);
  }

  /** Removes a service with its checks and its sidecar. An unknown id is no error. */
  async deregisterService(id: string): Promise<void> {
    const sidecar = sidecarId(id);
    const hasSidecar = this.services.get(sidecar)?.isSidecar ?? false;
    await Promise.all([this.#deregisterService(id), hasSidecar && this.#deregisterService(sidecar)]);
  }

  async #deregisterService(id: string): Promise<void> {
    await this.#inTurn(id, [], async () => {
      if (!this.services.has(id)) return;
      const checks = this.checksOf(id);
      const rows = [saveService(id, undefined), ...checks.map((check) => saveCheck(check, undefined))];
      await Promise.all([this.#options.rows.save(rows), this.catalog.deregister({ serviceId: id })]);
      for (const check of checks) this.#results.forget(check);
      this.#registered.deleteService(id);
      this.#options.log.debug("Deregistered service", { service: id });
    });
  }

  /** @throws OperatingError not-found when the check names a service that is not registered here */
  async registerCheck(definition: CheckDefinition, source: Source): Promise<void> {
    this.requireAllowed(definition, source);
    // Consul: a file's check that stands outside a service has no type (file-checks.test.ts).
    const type = source === "file" ? "" : definition.method.kind;
    await this.#registerCheck(definition, () => ({ ...this.#toLocal(definition, source), type }));
  }

  /** An unknown id is no error. */
  async deregisterCheck(id: string): Promise<void> {
    await this.#inTurn("", [id], async () => {
      if (this.checks.has(id)) await this.#commit({ checks: [], dropped: [id] });
    });
  }

  /**
   * Adds a check that is not run: it is critical for as long as it is there (maintenance).
   */
  async addFixedCheck(definition: CheckDefinition, type: FixedCheckType): Promise<void> {
    const check = toFixed({ definition, type }, this.#options.clock.wallMs());
    await this.#registerCheck(definition, () => check);
  }

  /** @throws OperatingError not-found when there is no TTL check of that id */
  async updateTtl(checkId: string, status: CheckStatus, output: string): Promise<void> {
    await this.#results.updateTtl(checkId, { status, output });
  }

  /** What a check found. Its status goes to the catalog when it changed; what it printed is only shown. */
  checkResult(checkId: string, result: CheckFinding): void {
    this.#results.take(checkId, result);
  }

  /** Consul: of a service that leaves its tags to others the agent shows theirs as its own. */
  adoptTags(serviceId: string, tags: readonly string[]): void {
    const known = this.services.get(serviceId);
    if (known) this.#registered.setService({ ...known, service: { ...known.service, tags } });
  }

  /** The ids of a service's checks; with "", of the node's own. */
  checksOf(serviceId: string): string[] {
    return this.#registered.checksOf(serviceId);
  }

  /** A check as the catalog keeps it. */
  catalogCheck(id: string): Check | undefined {
    const check = this.checks.get(id);
    return check && this.#registered.toCatalogCheck(this.node.name, check);
  }

  /** @throws OperatingError denied for a check that runs a program and may not */
  requireAllowed(check: CheckDefinition, source: Source): void {
    requireScriptAllowed(check, source, this.#options.scripts);
  }

  /** Consul: such a name is taken, for not everybody asks by DNS. */
  #warnOfName(service: string): void {
    const why = dnsLabelFault(service);
    if (why !== undefined)
      this.#options.log.warn(`Service name will not be discoverable via DNS due to ${why}`, { service });
  }

  /** Runs `task` when no other change of the service or of one of the checks is under way. */
  #inTurn(serviceId: string, checkIds: readonly string[], task: () => Promise<void>): Promise<void> {
    const serviceIds = new Set([serviceId, ...checkIds.map((id) => this.checks.get(id)?.definition.serviceId)]);
    const keys = checkIds.map((id) => `check/${id}`);
    for (const id of serviceIds) if (id) keys.push(`service/${id}`);
    return this.#changes.run(keys, task);
  }

  async #registerCheck({ id, serviceId }: CheckDefinition, toLocal: () => LocalCheck): Promise<void> {
    await this.#inTurn(serviceId, [id], async () => {
      this.#requireService(serviceId);
      await this.#commit({ checks: [toLocal()] });
    });
  }

  async #commit({ service, checks, dropped = [], isAnew = false }: Change): Promise<void> {
    const { catalog } = this.#options;
    const { node } = this;
    const of = service?.service;
    const registered = checks.map((check) => toCatalogCheck(node.name, check, of ?? this.#registered.serviceOf(check)));
    const rows = [
      ...(service ? serviceRows(this.services.get(service.service.id), service) : []),
      ...checks.flatMap((check) => checkRows(this.checks.get(check.definition.id), check)),
      ...dropped.map((id) => saveCheck(id, undefined)),
    ];
    // All in one tick, and so in one batch.
    await Promise.all([
      rows.length > 0 && this.#options.rows.save(rows),
      (of || checks.length > 0) &&
        catalog.register({ node, service: of ?? this.#registered.serviceAlong(checks), checks: registered }),
      ...dropped.map((checkId) => catalog.deregister({ checkId })),
    ]);
    if (service) this.#registered.setService(service);
    for (const id of dropped) this.#results.forget(id);
    for (const check of checks) {
      if (isAnew) this.#results.forget(check.definition.id);
      this.#results.adopt(check);
    }
  }

  /** A check that is known keeps its status and output. Consul: registering again does not turn it critical. */
  #toLocal(definition: CheckDefinition, source: Source): LocalCheck {
    const known = this.checks.get(definition.id);
    const check = unknownCheck(definition, source);
    if (known) return { ...check, status: known.status, output: known.output, sinceMs: known.sinceMs };
    const status = this.#lastStatuses.get(definition.id);
    return status === undefined ? { ...check, sinceMs: this.#options.clock.wallMs() } : { ...check, status };
  }

  #requireService(id: string): void {
    if (id === "" || this.services.has(id)) return;
    throw new OperatingError("not-found", "unknown-service", `ServiceID ${JSON.stringify(id)} does not exist`);
  }
}

function unknownCheck(definition: CheckDefinition, source: Source): LocalCheck {
  return { definition, source, type: definition.method.kind, status: definition.initialStatus, output: "" };
}

function toFixed({ definition, type }: FixedCheck, sinceMs: number): LocalCheck {
  return { definition, source: "api", type, status: definition.initialStatus, output: "", sinceMs };
}
