import type { Clock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { CheckStatus } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { Catalog } from "./catalog.ts";
import { CriticalReaper } from "./critical-reaper.ts";
import { isFixedType, type LocalCheck, type LocalState } from "./local-state.ts";

/** Runs checks and reports each result to `Agent.checkResult`. */
export interface CheckSet {
  start(check: LocalCheck): void;
  stop(checkId: string): void;
  /**
   * Sets the status and output of a TTL check, and reports the result before the call returns.
   * @throws OperatingError not-found when no TTL check has that id
   */
  updateTtl(checkId: string, status: CheckStatus, output: string): void;
  /**
   * Runs a check at once; resolves when its result is reported.
   * @throws OperatingError invalid when no check with that id has runs of its own
   */
  runNow(checkId: string): Promise<void>;
}

export interface CheckFinding {
  readonly status: CheckStatus;
  readonly output: string;
}

export interface CheckResultsOptions {
  readonly node: () => Node;
  readonly catalog: Catalog;
  readonly localState: LocalState;
  readonly clock: Clock;
  readonly log: Log;
  readonly discardOutput: boolean;
  /** Runs `task` as soon as no change of the check or of its service is under way. */
  readonly inTurn: (checkId: string, task: () => Promise<void>) => Promise<void>;
  /** Deregisters a service whose check has been critical for longer than its DeregisterCriticalServiceAfter. */
  readonly reap: (serviceId: string) => Promise<void>;
}

/**
 * Runs the registered checks and takes their results. A result is visible at once, and its output is kept in memory only; the
 * check's status is written to the catalog only when it changes.
 */
export class CheckResults {
  discardOutput: boolean;
  readonly #options: CheckResultsOptions;
  readonly #localState: LocalState;
  readonly #reports: StatusReports;
  readonly #reaper: CriticalReaper;
  #checkSet: CheckSet | undefined;

  constructor(options: CheckResultsOptions) {
    this.discardOutput = options.discardOutput;
    this.#options = options;
    this.#localState = options.localState;
    this.#reports = new StatusReports((checkId) => this.#sendStatus(checkId), options.log);
    this.#reaper = new CriticalReaper(options.clock, (serviceId, checkId) => this.#reap(serviceId, checkId));
  }

  start(checkSet: CheckSet): void {
    this.#checkSet = checkSet;
    for (const check of this.#localState.checks.values()) if (isRun(check)) checkSet.start(check);
  }

  stop(): void {
    for (const id of this.#localState.checks.keys()) this.#checkSet?.stop(id);
    this.#checkSet = undefined;
    this.#reaper.stop();
  }

  /** Starts to measure, from now on, for how long each critical check stays critical. */
  noteAll(): void {
    for (const check of this.#localState.checks.values()) this.#reaper.note(check);
  }

  /** Sets the status and output of a TTL check. @throws OperatingError not-found when no TTL check has that id */
  async updateTtl(checkId: string, { status, output }: CheckFinding): Promise<void> {
    this.#started.updateTtl(checkId, status, output);
    await this.#reports.settled(checkId);
  }

  /** Runs a check at once; resolves when its status is in the catalog. @throws OperatingError as CheckSet.runNow does */
  async runNow(checkId: string): Promise<void> {
    await this.#started.runNow(checkId);
    await this.#reports.settled(checkId);
  }

  get #started(): CheckSet {
    if (!this.#checkSet) throw new OperatingError("unavailable", "starting", "the agent is starting; try again");
    return this.#checkSet;
  }

  take(checkId: string, result: CheckFinding): void {
    const known = this.#localState.checks.get(checkId);
    if (!known) return;
    const { catalog, clock, log, node } = this.#options;
    const { status } = result;
    const output = this.discardOutput ? "" : result.output;
    const nowMs = clock.wallMs();
    const sinceMs = status === known.status ? known.sinceMs : nowMs;
    const check: LocalCheck = { ...known, status, output, saidMs: nowMs, sinceMs };
    this.#localState.setCheck(check);
    catalog.showOutput(this.#localState.toCatalogCheck(node().name, check), check.output);
    if (status !== known.status) {
      logStatus(log, check);
      this.#reaper.note(check);
    }
    if (status !== known.status || this.#reports.hasFailed(checkId)) this.#reports.start(checkId);
  }

  /** Adds a check whose registration is durable, and starts it. Keeps a result that arrived during the registration. */
  adopt(check: LocalCheck): void {
    const { id } = check.definition;
    const known = this.#localState.checks.get(id);
    const { definition, source, type, token } = check;
    const current = known ? { ...known, definition, source, type, token } : check;
    this.#checkSet?.stop(id);
    this.#localState.setCheck(current);
    this.#reaper.note(current);
    if (isRun(current)) this.#checkSet?.start(current);
  }

  /** Stops a deregistered check, and removes the check and its output from memory. */
  forget(id: string): void {
    this.#checkSet?.stop(id);
    this.#reaper.forget(id);
    this.#reports.forget(id);
    this.#localState.deleteCheck(id);
    this.#options.catalog.forgetOutput({ node: this.#options.node().name, id });
  }

  /** Writes a check's status to the catalog, after any deregistration under way, which the write must not undo. */
  #sendStatus(checkId: string): Promise<void> {
    const { catalog, inTurn, node } = this.#options;
    return inTurn(checkId, async () => {
      const check = this.#localState.checks.get(checkId);
      if (!check) return;
      const service = this.#localState.serviceAlong([check]);
      const checks = [this.#localState.toCatalogCheck(node().name, check)];
      await catalog.commit({ registrations: [{ node: node(), service, checks, token: check.token }] });
    });
  }

  #reap(service: string, check: string): void {
    const { log, reap } = this.#options;
    log.info("Check has been critical for too long; its service is deregistered", { check, service });
    reap(service).catch((error: unknown) => {
      log.error("Service could not be deregistered", { service, error: messageOf(error) });
      const known = this.#localState.checks.get(check);
      if (known) this.#reaper.note(known);
    });
  }
}

function logStatus(log: Log, { definition, status, output }: LocalCheck): void {
  const check = definition.id;
  if (status === "passing") log.info("Check is now passing", { check });
  else log.warn(`Check is now ${status}`, { check, output: output.split("\n", 1)[0]?.slice(0, loggedOutputMax) });
}

const loggedOutputMax = 200;

function isRun(check: LocalCheck): boolean {
  return !isFixedType(check.type);
}

/**
 * Writes the statuses of checks to the catalog. A status that could not be written is written again with the check's
 * next result, unless anti-entropy writes it earlier.
 */
class StatusReports {
  readonly #send: (checkId: string) => Promise<void>;
  readonly #log: Log;
  /** The newest write under way for each check, by check id. */
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #failed = new Set<string>();

  /** @param send writes the status that the check has at the time of the write */
  constructor(send: (checkId: string) => Promise<void>, log: Log) {
    this.#send = send;
    this.#log = log;
  }

  start(checkId: string): void {
    const isAgain = this.#failed.delete(checkId);
    const report = this.#report(checkId, isAgain).finally(() => {
      if (this.#underWay.get(checkId) === report) this.#underWay.delete(checkId);
    });
    // Marks a rejection as handled: `#report` logs the failure, and callers of `settled` receive it.
    report.catch(() => {});
    this.#underWay.set(checkId, report);
  }

  /** Returns whether the last write of the check's status failed. */
  hasFailed(checkId: string): boolean {
    return this.#failed.has(checkId);
  }

  /** Waits for the write of the check's status that is under way, if any; rejects if that write fails. */
  async settled(checkId: string): Promise<void> {
    await this.#underWay.get(checkId);
  }

  forget(checkId: string): void {
    this.#failed.delete(checkId);
  }

  async #report(checkId: string, isAgain: boolean): Promise<void> {
    try {
      await this.#send(checkId);
    } catch (error) {
      this.#failed.add(checkId);
      const fields = { check: checkId, error: messageOf(error) };
      this.#log[isAgain ? "debug" : "warn"]("Check status could not be stored; it is tried again", fields);
      throw error;
    }
  }
}
