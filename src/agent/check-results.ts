import type { Clock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { CheckStatus } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { Catalog } from "./catalog.ts";
import { CriticalReaper } from "./critical-reaper.ts";
import { isFixedType } from "./fixed-check.ts";
import type { LocalState } from "./local-state.ts";
import type { LocalCheck } from "./registrations.ts";
import { StatusReports } from "./status-reports.ts";

/** Runs the checks that it is told of; what they find comes back through `Agent.checkResult`. */
export interface CheckSet {
  start(check: LocalCheck): void;
  stop(checkId: string): void;
  /**
   * Reports before it returns.
   * @throws OperatingError not-found when there is no TTL check of that id
   */
  updateTtl(checkId: string, status: CheckStatus, output: string): void;
}

export interface CheckFinding {
  readonly status: CheckStatus;
  readonly output: string;
}

export interface CheckResultsOptions {
  readonly node: () => Node;
  readonly catalog: Catalog;
  readonly registered: LocalState;
  readonly clock: Clock;
  readonly log: Log;
  readonly discardOutput: boolean;
  /** Runs `task` when no change of the check or its service is under way. */
  readonly inTurn: (checkId: string, task: () => Promise<void>) => Promise<void>;
  /** Removes a service that has been critical for too long. */
  readonly reap: (serviceId: string) => Promise<void>;
}

/** Has the registered checks run, and takes what they find: shown at once, and told to the catalog when a status changes. */
export class CheckResults {
  discardOutput: boolean;
  readonly #options: CheckResultsOptions;
  readonly #registered: LocalState;
  readonly #reports: StatusReports;
  readonly #reaper: CriticalReaper;
  #checkSet: CheckSet | undefined;

  constructor(options: CheckResultsOptions) {
    this.discardOutput = options.discardOutput;
    this.#options = options;
    this.#registered = options.registered;
    this.#reports = new StatusReports((checkId) => this.#sendStatus(checkId), options.log);
    this.#reaper = new CriticalReaper(options.clock, (serviceId, checkId) => this.#reap(serviceId, checkId));
  }

  start(checkSet: CheckSet): void {
    this.#checkSet = checkSet;
    for (const check of this.#registered.checks.values()) if (isRun(check)) checkSet.start(check);
  }

  stop(): void {
    for (const id of this.#registered.checks.keys()) this.#checkSet?.stop(id);
    this.#checkSet = undefined;
    this.#reaper.stop();
  }

  /** From now on counts for how long the checks there are have been critical. */
  noteAll(): void {
    for (const check of this.#registered.checks.values()) this.#reaper.note(check);
  }

  /** @throws OperatingError not-found when there is no TTL check of that id */
  async updateTtl(checkId: string, { status, output }: CheckFinding): Promise<void> {
    if (!this.#checkSet) throw new OperatingError("unavailable", "starting", "the agent is starting; try again");
    this.#checkSet.updateTtl(checkId, status, output);
    await this.#reports.settled(checkId);
  }

  take(checkId: string, result: CheckFinding): void {
    const known = this.#registered.checks.get(checkId);
    if (!known) return;
    const { catalog, clock, log, node } = this.#options;
    const { status } = result;
    const output = this.discardOutput ? "" : result.output;
    const nowMs = clock.wallMs();
    const sinceMs = status === known.status ? known.sinceMs : nowMs;
    const check: LocalCheck = { ...known, status, output, saidMs: nowMs, sinceMs };
    this.#registered.setCheck(check);
    catalog.showOutput(this.#registered.toCatalogCheck(node().name, check), check.output);
    if (status !== known.status) {
      tellStatus(log, check);
      this.#reaper.note(check);
    }
    if (status !== known.status || this.#reports.hasFailed(checkId)) this.#reports.start(checkId);
  }

  /** The check's registration is durable. It may have said something new while that was under way. */
  adopt(check: LocalCheck): void {
    const { id } = check.definition;
    const known = this.#registered.checks.get(id);
    const { definition, source, type } = check;
    const current = known ? { ...known, definition, source, type } : check;
    this.#checkSet?.stop(id);
    this.#registered.setCheck(current);
    this.#reaper.note(current);
    if (isRun(current)) this.#checkSet?.start(current);
  }

  /** The check is gone. */
  forget(id: string): void {
    this.#checkSet?.stop(id);
    this.#reaper.forget(id);
    this.#reports.forget(id);
    this.#registered.deleteCheck(id);
    this.#options.catalog.forgetOutput({ node: this.#options.node().name, id });
  }

  /** In turn, so that a check which is being deregistered does not come back by its last result. */
  #sendStatus(checkId: string): Promise<void> {
    const { catalog, inTurn, node } = this.#options;
    return inTurn(checkId, async () => {
      const check = this.#registered.checks.get(checkId);
      if (!check) return;
      const service = this.#registered.serviceAlong([check]);
      const checks = [this.#registered.toCatalogCheck(node().name, check)];
      await catalog.register({ node: node(), service, checks });
    });
  }

  #reap(service: string, check: string): void {
    const { log, reap } = this.#options;
    log.info("Check has been critical for too long; its service is deregistered", { check, service });
    reap(service).catch((error: unknown) => {
      log.error("Service could not be deregistered", { service, error: messageOf(error) });
      const known = this.#registered.checks.get(check);
      if (known) this.#reaper.note(known);
    });
  }
}

/** Nobody is near to look: the log says when something went wrong, why, and when it was well again. */
function tellStatus(log: Log, { definition, status, output }: LocalCheck): void {
  const check = definition.id;
  if (status === "passing") log.info("Check is now passing", { check });
  else log.warn(`Check is now ${status}`, { check, output: output.split("\n", 1)[0]?.slice(0, loggedOutputMax) });
}

const loggedOutputMax = 200;

function isRun(check: LocalCheck): boolean {
  return !isFixedType(check.type);
}
