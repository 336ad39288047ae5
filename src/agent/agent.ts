import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { CheckDefinition, CheckRow, CheckStatus } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { Service, ServiceDefinition } from "../model/service.ts";
import type { Catalog, LocalRows } from "./catalog.ts";
import { toCatalogCheck } from "./catalog-check.ts";
import { CriticalReaper } from "./critical-reaper.ts";
import {
  restore,
  saveCheck,
  saveService,
  type LocalCheck,
  type LocalService,
  type SavedRow,
  type Source,
} from "./registrations.ts";

/** Runs the checks that the agent is told of; what they find comes back through `Agent.checkResult`. */
export interface CheckSet {
  start(check: LocalCheck): void;
  stop(checkId: string): void;
  /** @throws OperatingError not-found when there is no TTL check of that id */
  updateTtl(checkId: string, status: CheckStatus, output: string): void;
}

export interface AgentOptions {
  readonly node: Node;
  readonly catalog: Catalog;
  readonly rows: LocalRows;
  readonly clock: Clock;
  readonly log: Log;
  /** Ids of services and checks of this node that a server keeps by itself: "consul", "serfHealth". */
  readonly reserved: ReadonlySet<string>;
  readonly scripts: { readonly fromApi: boolean; readonly fromFiles: boolean };
  readonly discardOutput: boolean;
}

/**
 * The services and checks registered with this agent. What it is asked to register is written to its own rows and to
 * the catalog in the same batch; only then is it shown, checked and answered for. A check's result reaches the catalog
 * when its status changes; its output is shown beside it from memory.
 */
export class Agent {
  readonly node: Node;
  readonly reserved: ReadonlySet<string>;
  /** What checks print is forgotten at once; only their status counts. */
  discardOutput: boolean;
  readonly #options: AgentOptions;
  readonly #services = new Map<string, LocalService>();
  readonly #checks = new Map<string, LocalCheck>();
  /** The ids of each service's checks, so that a registration does not pass over those of others. */
  readonly #checkIds = new Map<string, Set<string>>();
  readonly #reaper: CriticalReaper;
  readonly #log: Log;
  #checkSet: CheckSet | undefined;
  #listeners: (() => void)[] = [];

  constructor(options: AgentOptions) {
    this.node = options.node;
    this.reserved = options.reserved;
    this.discardOutput = options.discardOutput;
    this.#options = options;
    this.#log = options.log;
    this.#reaper = new CriticalReaper(options.clock, (serviceId, checkId) => this.#reap(serviceId, checkId));
  }

  /** Sorted by nothing: in order of registration. */
  get services(): ReadonlyMap<string, LocalService> {
    return this.#services;
  }

  get checks(): ReadonlyMap<string, LocalCheck> {
    return this.#checks;
  }

  get catalog(): Catalog {
    return this.#options.catalog;
  }

  /**
   * Takes up what was registered before the agent stopped. Checks go on with the status that the catalog has for them,
   * until their first result says otherwise.
   */
  async restore(rows: readonly SavedRow[]): Promise<void> {
    const { services, checks } = restore(rows);
    const stored = await this.#options.catalog.contents();
    const statuses = new Map(stored.checks.map((row) => [row.id, row.status]));
    for (const service of services) this.#services.set(service.id, { service, source: "api" });
    for (const { definition, type } of checks) {
      const status = statuses.get(definition.id) ?? definition.initialStatus;
      this.#setCheck({ definition, type, source: "api", status, output: "" });
    }
    for (const check of this.#checks.values()) this.#reaper.note(check);
  }

  /** From now on checks run. */
  startChecks(checkSet: CheckSet): void {
    this.#checkSet = checkSet;
    for (const check of this.#checks.values()) if (check.type !== "maintenance") checkSet.start(check);
  }

  stopChecks(): void {
    for (const id of this.#checks.keys()) this.#checkSet?.stop(id);
    this.#checkSet = undefined;
    this.#reaper.stop();
  }

  /** Called after each change of what is registered here, or of a check's status or output. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /**
   * Registers or replaces a service with its checks. Checks that are known keep their status; checks of the service that
   * are not named stay, unless `replaceExistingChecks`.
   * @throws OperatingError unavailable when it cannot be made durable; nothing has changed then
   */
  async registerService(
    definition: ServiceDefinition,
    options: { source: Source; replaceExistingChecks?: boolean },
  ): Promise<void> {
    const { service } = definition;
    for (const check of definition.checks) this.requireAllowed(check, options.source);
    const named = new Set(definition.checks.map((check) => check.id));
    const dropped = options.replaceExistingChecks ? this.checksOf(service.id).filter((id) => !named.has(id)) : [];
    const checks = definition.checks.map((check) => this.#toLocal(check, options.source));
    const kept = this.checksOf(service.id).filter((id) => !named.has(id) && !dropped.includes(id));
    await this.#commit({
      service: { service, source: options.source },
      checks,
      renamed: this.#services.get(service.id)?.service.name === service.name ? [] : kept,
      droppedChecks: dropped,
    });
  }

  /** An unknown id is no error. */
  async deregisterService(id: string): Promise<void> {
    const checks = this.checksOf(id);
    const rows = [saveService(id, undefined), ...checks.map((check) => saveCheck(check, undefined))];
    await Promise.all([this.#options.rows.save(rows), this.#options.catalog.deregister({ serviceId: id })]);
    for (const check of checks) this.#forgetCheck(check);
    this.#services.delete(id);
    this.#changed();
  }

  /** @throws OperatingError not-found when the check names a service that is not registered here */
  async registerCheck(definition: CheckDefinition, source: Source): Promise<void> {
    this.requireAllowed(definition, source);
    this.#requireService(definition.serviceId);
    await this.#commit({ checks: [this.#toLocal(definition, source)] });
  }

  /** An unknown id is no error. */
  async deregisterCheck(id: string): Promise<void> {
    await this.#dropChecks([id]);
  }

  /**
   * Adds a check that is not run: it is critical for as long as it is there (maintenance).
   */
  async addFixedCheck(definition: CheckDefinition, type: string): Promise<void> {
    this.#requireService(definition.serviceId);
    await this.#commit({ checks: [{ definition, source: "api", type, status: definition.initialStatus, output: "" }] });
  }

  /** @throws OperatingError not-found when there is no TTL check of that id */
  async updateTtl(checkId: string, status: CheckStatus, output: string): Promise<void> {
    if (!this.#checkSet) throw new OperatingError("unavailable", "starting", "the agent is starting; try again");
    this.#checkSet.updateTtl(checkId, status, output);
    await this.#settling;
  }

  /** The newest status change on its way to the catalog. */
  #settling: Promise<void> = Promise.resolve();

  /** What a check found. Its status goes to the catalog when it changed; what it printed is only shown. */
  checkResult(checkId: string, result: { readonly status: CheckStatus; readonly output: string }): void {
    const known = this.#checks.get(checkId);
    if (!known) return;
    const output = this.discardOutput ? "" : result.output;
    const check: LocalCheck = { ...known, status: result.status, output };
    this.#checks.set(checkId, check);
    this.#options.catalog.showOutput(this.#catalogCheck(check), output);
    if (check.status !== known.status) {
      this.#log.debug("Check status updated", { check: checkId, status: check.status });
      this.#reaper.note(check);
      this.#settling = this.#report(check);
      // A failure is logged, and anti-entropy repeats the report; whoever awaits #settling sees it too.
      this.#settling.catch(() => {});
    }
    this.#changed();
  }

  /** The ids of a service's checks; with "", of the node's own. */
  checksOf(serviceId: string): string[] {
    return [...(this.#checkIds.get(serviceId) ?? [])];
  }

  /** A check as the catalog keeps it. */
  catalogCheck(id: string): CheckRow | undefined {
    const check = this.#checks.get(id);
    return check && { ...this.#catalogCheck(check), createIndex: 0, modifyIndex: 0 };
  }

  async #commit(registration: {
    readonly service?: LocalService;
    readonly checks: readonly LocalCheck[];
    readonly renamed?: readonly string[];
    readonly droppedChecks?: readonly string[];
  }): Promise<void> {
    const { service, checks, renamed = [], droppedChecks = [] } = registration;
    const { catalog, node } = this.#options;
    const name = service?.service;
    const reported = [...checks, ...renamed.flatMap((id) => this.#checks.get(id) ?? [])];
    await Promise.all([
      this.#save([
        ...(service ? this.#serviceRow(service) : []),
        ...checks.flatMap((check) => this.#checkRow(check)),
        ...droppedChecks.map((id) => saveCheck(id, undefined)),
      ]),
      catalog.register({
        node,
        service: name,
        checks: reported.map((check) => toCatalogCheck(node.name, check, name ?? this.#serviceOf(check))),
      }),
      ...droppedChecks.map((checkId) => catalog.deregister({ checkId })),
    ]);
    if (service) this.#services.set(service.service.id, service);
    for (const id of droppedChecks) this.#forgetCheck(id);
    for (const check of checks) this.#adopt(check);
    this.#changed();
  }

  #adopt(check: LocalCheck): void {
    const id = check.definition.id;
    this.#checkSet?.stop(id);
    this.#setCheck(check);
    this.#reaper.note(check);
    if (check.output !== "") this.#options.catalog.showOutput(this.#catalogCheck(check), check.output);
    if (check.type !== "maintenance") this.#checkSet?.start(check);
  }

  async #dropChecks(ids: readonly string[]): Promise<void> {
    await Promise.all([
      this.#options.rows.save(ids.map((id) => saveCheck(id, undefined))),
      ...ids.map((checkId) => this.#options.catalog.deregister({ checkId })),
    ]);
    for (const id of ids) this.#forgetCheck(id);
    this.#changed();
  }

  #setCheck(check: LocalCheck): void {
    const { id, serviceId } = check.definition;
    const known = this.#checks.get(id);
    if (known && known.definition.serviceId !== serviceId) this.#checkIds.get(known.definition.serviceId)?.delete(id);
    this.#checks.set(id, check);
    const ids = this.#checkIds.get(serviceId);
    if (ids) ids.add(id);
    else this.#checkIds.set(serviceId, new Set([id]));
  }

  #forgetCheck(id: string): void {
    const check = this.#checks.get(id);
    if (!check) return;
    this.#checkSet?.stop(id);
    this.#reaper.forget(id);
    this.#checks.delete(id);
    const ids = this.#checkIds.get(check.definition.serviceId);
    ids?.delete(id);
    if (ids?.size === 0) this.#checkIds.delete(check.definition.serviceId);
  }

  /** A check that is known keeps its status and output. Consul: registering again does not turn it critical. */
  #toLocal(definition: CheckDefinition, source: Source): LocalCheck {
    const known = this.#checks.get(definition.id);
    return {
      definition,
      source,
      type: definition.method.kind,
      status: known?.status ?? definition.initialStatus,
      output: known?.output ?? "",
    };
  }

  #serviceOf(check: LocalCheck): Service | undefined {
    return this.#services.get(check.definition.serviceId)?.service;
  }

  #catalogCheck(check: LocalCheck) {
    return toCatalogCheck(this.node.name, check, this.#serviceOf(check));
  }

  async #report(check: LocalCheck): Promise<void> {
    try {
      await this.#options.catalog.register({ node: this.node, checks: [this.#catalogCheck(check)] });
    } catch (error) {
      this.#log.warn("Check status could not be stored; it is tried again", {
        check: check.definition.id,
        error: String(error),
      });
      throw error;
    }
  }

  #reap(serviceId: string, checkId: string): void {
    this.#log.info("Check has been critical for too long; its service is deregistered", {
      check: checkId,
      service: serviceId,
    });
    this.deregisterService(serviceId).catch((error: unknown) => {
      this.#log.error("Service could not be deregistered", { service: serviceId, error: String(error) });
      const check = this.#checks.get(checkId);
      if (check) this.#reaper.note(check);
    });
  }

  /** @throws OperatingError denied for a script check that may not run */
  requireAllowed(check: CheckDefinition, source: Source): void {
    if (check.method.kind !== "script") return;
    const { fromApi, fromFiles } = this.#options.scripts;
    if (source === "api" ? fromApi : fromApi || fromFiles) return;
    const message =
      source === "api"
        ? "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true"
        : "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or " +
          "'enable_local_script_checks' to true";
    throw new OperatingError("denied", "scripts-disabled", message);
  }

  #requireService(id: string): void {
    if (id === "" || this.#services.has(id)) return;
    throw new OperatingError("not-found", "unknown-service", `ServiceID ${JSON.stringify(id)} does not exist`);
  }

  /** What files define is not kept (a file that is gone must not live on), and neither is what is kept already. */
  #serviceRow(local: LocalService): SavedRow[] {
    const { id } = local.service;
    const known = this.#services.get(id);
    if (local.source === "file") return known?.source === "api" ? [saveService(id, undefined)] : [];
    return known?.source === "api" && isDeepStrictEqual(known.service, local.service) ? [] : [saveService(id, local)];
  }

  #checkRow(local: LocalCheck): SavedRow[] {
    const { id } = local.definition;
    const known = this.#checks.get(id);
    if (local.source === "file") return known?.source === "api" ? [saveCheck(id, undefined)] : [];
    const same = known?.source === "api" && isDeepStrictEqual(known.definition, local.definition);
    return same ? [] : [saveCheck(id, local)];
  }

  async #save(rows: readonly SavedRow[]): Promise<void> {
    if (rows.length > 0) await this.#options.rows.save(rows);
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
