import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Check, CheckDefinition, CheckRow, CheckStatus } from "../model/check.ts";
import { dnsLabelFault } from "../model/dns-label.ts";
import type { Node } from "../model/node.ts";
import { requireScriptAllowed, type ScriptPermission } from "../model/script-permission.ts";
import { checksIn, type ServiceDefinition } from "../model/service.ts";
import { sidecarAt, sidecarId } from "../model/sidecar.ts";
import type { Catalog, CatalogChange, CatalogRegistration } from "./catalog.ts";
import { CheckResults, type CheckFinding, type CheckSet } from "./check-results.ts";
import {
  checkRows,
  decodeRows,
  LocalState,
  saveCheck,
  saveService,
  serviceRows,
  toCatalogCheck,
  type FixedCheckType,
  type LocalCheck,
  type LocalService,
  type SavedRow,
  type Source,
} from "./local-state.ts";
import { planOf, toFixed, type Along, type Plan, type ServiceRegistration } from "./service-registration.ts";
import { type ReservedPort, type SidecarPortRange, SidecarPorts } from "./sidecar-ports.ts";
import { RetryingQueue } from "./retrying-queue.ts";

export interface AgentOptions {
  readonly node: Node;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  /** Ids of this node's services and checks that the server itself registers: "consul", "serfHealth". */
  readonly reserved: ReadonlySet<string>;
  readonly scripts: ScriptPermission;
  readonly discardOutput: boolean;
  /** The range of ports for sidecars whose definitions name no port. */
  readonly sidecarPorts: SidecarPortRange;
}

/** A service and checks that are added, replaced or removed together. */
interface Change {
  readonly service?: LocalService;
  readonly checks: readonly LocalCheck[];
  /** The ids of the checks to remove in this change. */
  readonly dropped?: readonly string[];
  /** Whether to discard earlier results of the checks. */
  readonly isAnew?: boolean;
}

/**
 * The services and checks registered with this agent.
 *
 *     registration ─▶ its turn ─▶ one batch: the agent's own rows and the catalog's ─▶ local state ─▶ checks run ─▶ caller
 *     a check's result ─▶ status and output in the local state ─▶ status in the catalog, if it changed
 *     sync each minute: the catalog's rows of this node ◀─ local state (anti-entropy.ts)
 *
 * Invariants: the agent shows and checks nothing that is not durable. Its own rows and the catalog's are written in one
 * batch, so both or neither survive a power cut. Changes of one service or check run one after the other, so that the
 * catalog and the agent end in the same state. Changes of different services and checks run concurrently and share batches.
 */
export class Agent {
  readonly reserved: ReadonlySet<string>;
  readonly #options: AgentOptions;
  #node: Node;
  readonly #localState = new LocalState();
  readonly #changes: RetryingQueue;
  readonly #results: CheckResults;
  readonly #sidecarPorts: SidecarPorts;
  /** The statuses that the catalog had when the agent started, for checks that have no result yet. */
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
      localState: this.#localState,
      inTurn: (checkId, task) => this.#inTurn([], [checkId], task),
      reap: (serviceId) => this.deregisterService(serviceId),
    });
  }

  get node(): Node {
    return this.#node;
  }

  /** Replaces the node's meta; the next registration writes it to the catalog. */
  changeMeta(meta: Node["meta"]): void {
    this.#node = { ...this.#node, meta };
  }

  /** The registered services by id, in order of registration. */
  get services(): ReadonlyMap<string, LocalService> {
    return this.#localState.services;
  }

  get checks(): ReadonlyMap<string, LocalCheck> {
    return this.#localState.checks;
  }

  /** Calls `watcher` with the id each time a service is added, replaced or removed, until the returned function is called. */
  watchServices(watcher: (serviceId: string) => void): () => void {
    const { watchers } = this.#localState;
    watchers.add(watcher);
    return () => void watchers.delete(watcher);
  }

  get catalog(): Catalog {
    return this.#options.catalog;
  }

  /**
   * Restores the services and checks that clients registered over the API before the agent stopped. Each check, also one that a
   * file defines later, starts with the status that the catalog has, until its first result; without a catalog, with its
   * initial status.
   */
  async restore(rows: readonly SavedRow[]): Promise<void> {
    const { services, checks } = decodeRows(rows);
    const stored = await this.#catalogChecks();
    this.#lastStatuses = new Map(stored.map((row) => [row.id, row.status]));
    for (const service of services) this.#localState.setService(service);
    for (const { definition, type, token } of checks) {
      const status = this.#lastStatuses.get(definition.id) ?? definition.initialStatus;
      this.#localState.setCheck({ definition, type, token, source: "api", status, output: "" });
    }
    this.#results.noteAll();
  }

  async #catalogChecks(): Promise<readonly CheckRow[]> {
    try {
      return (await this.catalog.contents()).checks;
    } catch (error) {
      if (error instanceof OperatingError && error.kind === "unavailable") return [];
      throw error;
    }
  }

  /** Starts all registered checks in `checkSet`, and each check that is registered later. */
  startChecks(checkSet: CheckSet): void {
    this.#lastStatuses = new Map();
    this.#results.start(checkSet);
  }

  /** Stops all checks, and the retries of unconfirmed changes. */
  stop(): void {
    this.#changes.stop();
    this.#results.stop();
  }

  /** Sets whether the agent discards the output of checks. It keeps their status in either case. */
  set discardOutput(discard: boolean) {
    this.#results.discardOutput = discard;
  }

  /**
   * Registers or replaces a service with its checks and its sidecar. Checks that are registered already keep their status,
   * unless `isAnew`; other checks of the service stay, unless `replaceExistingChecks`. A registered sidecar stays when the
   * definition has none.
   * @throws OperatingError forbidden when a check may not run, or no port is left for the sidecar; unavailable when the
   * registration cannot be made durable. Nothing has changed then
   */
  async registerService(definition: ServiceDefinition, registration: ServiceRegistration): Promise<void> {
    const { source, replaceExistingChecks = false, along } = registration;
    using reserved = this.prepare(definition, source);
    const sidecar = sidecarAt(definition, reserved.port);
    const nowMs = this.#options.clock.wallMs();
    const parts = [planOf(definition, registration, nowMs)];
    const token = registration.token ?? definition.token;
    if (sidecar) parts.push(planOf(sidecar, { source, replaceExistingChecks, isSidecar: true, token }, nowMs));
    for (const { definition: each } of parts) this.#warnOfName(each.service.name);
    const serviceIds = parts.map(({ definition: each }) => each.service.id);
    const checkIds = parts.flatMap(({ named }) => [...named]);
    await this.#inTurn(serviceIds, checkIds, async () => {
      await this.#commit(
        parts.map((part) => this.#changeOf(part)),
        along,
      );
      for (const service of serviceIds) this.#options.log.debug("Synced service", { service });
    });
  }

  /**
   * Verifies that the service can be registered, and reserves a port for its sidecar, if it has one, until the caller disposes of
   * the result.
   * @throws OperatingError forbidden when the service cannot be registered
   */
  prepare(definition: ServiceDefinition, source: Source): ReservedPort {
    for (const check of checksIn(definition)) this.requireAllowed(check, source);
    return this.#sidecarPorts.reserve(definition, this.services);
  }

  #changeOf({ definition: { service, checks, token: given }, registration, fixed, named }: Plan): Change {
    const { source, replaceExistingChecks = false, isAnew = false, endedCheck = "", isSidecar = false } = registration;
    const token = registration.token ?? given;
    const known = replaceExistingChecks ? this.checksOf(service.id) : [];
    const ended = this.checks.has(endedCheck) ? [endedCheck] : [];
    return {
      service: { service, source, isSidecar, token },
      checks: [
        ...checks.map((check) => (isAnew ? unknownCheck(check, source) : this.#toLocal(check, source))),
        ...fixed,
      ].map((check) => ({ ...check, token })),
      dropped: [...new Set([...known, ...ended])].filter((id) => !named.has(id)),
      isAnew,
    };
  }

  /**
   * Verifies that the disk has confirmed or refused every change of the service and of its checks.
   * @throws OperatingError unavailable while the disk has not confirmed a change of the service or of one of its checks
   */
  requireKnown(serviceId: string): void {
    const checks = this.checksOf(serviceId).map((id) => `check/${id}`);
    this.#changes.requireKnown([`service/${serviceId}`, ...checks]);
  }

  /**
   * Removes a service with its checks and its sidecar from the local state and the catalog, and writes `along` in the same batch.
   * For an unknown id, only writes `along`.
   */
  async deregisterService(id: string, along?: Along): Promise<void> {
    const sidecar = sidecarId(id);
    const ids = this.services.get(sidecar)?.isSidecar === true ? [id, sidecar] : [id];
    await this.#inTurn(ids, [], async () => {
      const known = ids.filter((each) => this.services.has(each));
      if (known.length === 0 && !along) return;
      const checks = known.flatMap((each) => this.checksOf(each));
      const rows = [
        ...known.map((each) => saveService(each, undefined)),
        ...checks.map((check) => saveCheck(check, undefined)),
      ];
      await this.#write({ rows, deregistrations: known.map((each) => ({ serviceId: each })) }, along);
      for (const check of checks) this.#results.forget(check);
      for (const service of known) {
        this.#localState.deleteService(service);
        this.#options.log.debug("Deregistered service", { service });
      }
    });
  }

  /**
   * Registers a check.
   * @param token the secret of the request's token, if it brings one
   * @throws OperatingError not-found when the check names a service that is not registered with this agent
   */
  async registerCheck(definition: CheckDefinition, source: Source, token?: string): Promise<void> {
    this.requireAllowed(definition, source);
    // Consul: a check that a file defines outside a service has no type (file-checks.test.ts).
    const type = source === "file" ? "" : definition.method.kind;
    const secret = token ?? definition.token;
    await this.#registerCheck(definition, () => ({ ...this.#toLocal(definition, source), type, token: secret }));
  }

  /** Removes a check from the local state and the catalog. Does nothing for an unknown id. */
  async deregisterCheck(id: string): Promise<void> {
    await this.#inTurn([], [id], async () => {
      if (this.checks.has(id)) await this.#commit([{ checks: [], dropped: [id] }]);
    });
  }

  /** Registers a check that does not run and stays critical, such as the check of maintenance mode. */
  async addFixedCheck(definition: CheckDefinition, type: FixedCheckType, token?: string): Promise<void> {
    const check = { ...toFixed({ definition, type }, this.#options.clock.wallMs()), token };
    await this.#registerCheck(definition, () => check);
  }

  /** Sets the status and output of a TTL check. @throws OperatingError not-found when no TTL check has that id */
  async updateTtl(checkId: string, status: CheckStatus, output: string): Promise<void> {
    await this.#results.updateTtl(checkId, { status, output });
  }

  /** Runs a check at once; resolves when its status is in the catalog. @throws OperatingError as CheckSet.runNow does */
  async runCheckNow(checkId: string): Promise<void> {
    await this.#results.runNow(checkId);
  }

  /** Makes a check's result visible at once, and writes the check's status to the catalog if the status has changed. */
  checkResult(checkId: string, result: CheckFinding): void {
    this.#results.take(checkId, result);
  }

  /** Replaces a service's tags by those of the catalog. Consul: the agent does so for a service with EnableTagOverride. */
  adoptTags(serviceId: string, tags: readonly string[]): void {
    const known = this.services.get(serviceId);
    if (known) this.#localState.setService({ ...known, service: { ...known.service, tags } });
  }

  /** Returns the ids of a service's checks; for the service id "", of the node's checks. */
  checksOf(serviceId: string): string[] {
    return this.#localState.checksOf(serviceId);
  }

  /** Returns the check as the catalog stores it; undefined for an unknown id. */
  catalogCheck(id: string): Check | undefined {
    const check = this.checks.get(id);
    return check && this.#localState.toCatalogCheck(this.node.name, check);
  }

  /** Verifies that a check may run. @throws OperatingError forbidden for a script check that the configuration does not allow */
  requireAllowed(check: CheckDefinition, source: Source): void {
    requireScriptAllowed(check, source, this.#options.scripts);
  }

  /** Logs a warning if a service's name is not a DNS label. Consul: accepts the name, since not every client uses DNS. */
  #warnOfName(service: string): void {
    const why = dnsLabelFault(service);
    if (why !== undefined)
      this.#options.log.warn(`Service name will not be discoverable via DNS due to ${why}`, { service });
  }

  /** Runs `task` once no other change of these services and checks, and of the checks' services, is under way. */
  #inTurn(serviceIds: readonly string[], checkIds: readonly string[], task: () => Promise<void>): Promise<void> {
    const owners = checkIds.map((id) => this.checks.get(id)?.definition.serviceId);
    const keys = checkIds.map((id) => `check/${id}`);
    for (const id of new Set([...serviceIds, ...owners])) if (id) keys.push(`service/${id}`);
    return this.#changes.run(keys, task);
  }

  async #registerCheck({ id, serviceId }: CheckDefinition, toLocal: () => LocalCheck): Promise<void> {
    await this.#inTurn([serviceId], [id], async () => {
      this.#requireService(serviceId);
      await this.#commit([{ checks: [toLocal()] }]);
    });
  }

  async #commit(changes: readonly Change[], along?: Along): Promise<void> {
    const rows = changes.flatMap((change) => this.#rowsOf(change));
    const registrations = changes.flatMap((change) => this.#registrationOf(change) ?? []);
    const deregistrations = changes.flatMap(({ dropped = [] }) => dropped.map((checkId) => ({ checkId })));
    await this.#write({ rows, registrations, deregistrations }, along);
    for (const change of changes) this.#show(change);
  }

  /** Writes a change durably, in one batch with the rows and transactions that another part of the agent adds to it. */
  async #write(
    { rows, ...change }: CatalogChange & { readonly rows: readonly SavedRow[] },
    { rows: others = [], transactions, onDurable }: Along = {},
  ): Promise<void> {
    await this.catalog.commit({ ...change, rows: [...others, ...rows], ...(transactions && { transactions }) });
    onDurable?.();
  }

  #rowsOf({ service, checks, dropped = [] }: Change): SavedRow[] {
    return [
      ...(service ? serviceRows(this.services.get(service.service.id), service) : []),
      ...checks.flatMap((check) => checkRows(this.checks.get(check.definition.id), check)),
      ...dropped.map((id) => saveCheck(id, undefined)),
    ];
  }

  #registrationOf({ service: local, checks }: Change): CatalogRegistration | undefined {
    const { node } = this;
    const service = local?.service;
    if (!service && checks.length === 0) return undefined;
    return {
      node,
      token: (local ?? checks[0])?.token,
      service: service ?? this.#localState.serviceAlong(checks),
      checks: checks.map((check) => toCatalogCheck(node.name, check, service ?? this.#localState.serviceOf(check))),
    };
  }

  /** Applies a durable change to the local state, so that clients see it. */
  #show({ service, checks, dropped = [], isAnew = false }: Change): void {
    if (service) this.#localState.setService(service);
    for (const id of dropped) this.#results.forget(id);
    for (const check of checks) {
      if (isAnew) this.#results.forget(check.definition.id);
      this.#results.adopt(check);
    }
  }

  /** Returns the local state of a check. Consul: a check that is registered again keeps its status and output. */
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
