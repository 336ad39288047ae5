import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { KvTrialRow } from "../model/kv-trial.ts";
import type { Command } from "../state/command.ts";
import { failureOf, getKvTrial, pendingTrials } from "../state/kv-trial.ts";
import { topics, type Topic } from "../state/topics.ts";
import type { Registry } from "./registry.ts";

/** The delay in milliseconds after a failed attempt to proceed with a trial, or to undo it. */
const retryMs = 1_000;

export interface PendingTrialsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Called when a trial has started, reached its next stage or ended, once that is durable. */
  readonly announce: (trial: KvTrialRow) => void;
}

interface Followed {
  /** The trial in the stage that was last announced. */
  readonly announced: KvTrialRow;
  /** The timer of the present stage's end, or of the next attempt. */
  readonly timer: Timer | undefined;
  /** Why the trial is being undone. It is decided once, and holds also if the attempt fails and the service recovers. */
  readonly why: string | undefined;
}

/**
 * Follows the pending trials while this server leads: undoes one whose service turns critical, and decides when the time of a stage
 * is over. Times are measured by the monotonic clock from the moment at which this server saw the stage.
 *
 * A trial that is pending when this server begins to lead was started by another leader, or before a restart: no server has
 * followed its services meanwhile, so it is undone. So is one that comes with a snapshot. While no trial is pending, a commit costs two
 * look-ups in the set of its topics.
 */
export class PendingTrials {
  readonly #store: Registry;
  readonly #options: PendingTrialsOptions;
  readonly #failures: LogThrottle;
  readonly #followed = new Map<string, Followed>();
  #wasLeading = false;
  #isStopped = false;
  /** Resolves when the trials of an earlier run have been undone, or when the first attempt has failed. */
  readonly settled: Promise<unknown>;

  constructor(store: Registry, options: PendingTrialsOptions) {
    this.#store = store;
    this.#options = options;
    this.#failures = new LogThrottle(options.clock);
    store.follow((touched) => this.#follow(touched));
    store.onRole(() => void this.#look());
    this.settled = this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    this.#forgetAll();
  }

  #follow(touched: ReadonlySet<Topic>): void {
    if (touched.has(topics.everything)) void this.#look("a snapshot was restored meanwhile");
    else if (touched.has(topics.kvTrials) || (this.#followed.size > 0 && concernsHealth(touched))) void this.#look();
  }

  /**
   * Resolves when the trials that are to be undone are, or when the first attempt has failed.
   * @param takesBack why all pending trials are undone, if they are
   */
  async #look(takesBack?: string): Promise<void> {
    const { leads, state } = this.#store;
    const isNew = leads && !this.#wasLeading;
    this.#wasLeading = leads;
    if (!leads || this.#isStopped) return this.#forgetAll();
    const why = isNew ? "the agent restarted meanwhile, or another server began to lead" : takesBack;
    const judged = pendingTrials(state).map((trial) => this.#judge(trial, why ?? failureOf(state, trial)));
    for (const id of this.#followed.keys()) this.#forgetIfEnded(id);
    await Promise.all(judged);
  }

  async #judge(trial: KvTrialRow, why: string | undefined): Promise<void> {
    const known = this.#followed.get(trial.id);
    if (known?.why !== undefined) return;
    const isNewStage = known?.announced.stage !== trial.stage;
    if (isNewStage) this.#announce(trial);
    if (why !== undefined) {
      known?.timer?.cancel();
      this.#followed.set(trial.id, { announced: trial, timer: undefined, why });
      await this.#undo(trial.id, why);
    } else if (isNewStage) {
      known?.timer?.cancel();
      const timer = this.#options.clock.schedule(trial.stageMs, () => void this.#proceed(trial));
      this.#followed.set(trial.id, { announced: trial, timer, why });
    }
  }

  #forgetIfEnded(id: string): void {
    const trial = getKvTrial(this.#store.state, id);
    if (trial?.outcome === "pending") return;
    this.#followed.get(id)?.timer?.cancel();
    this.#followed.delete(id);
    if (trial) this.#announce(trial);
  }

  #announce(trial: KvTrialRow): void {
    const { id, services, stage, stages, outcome, why, keys } = trial;
    const fields = { trial: id, services: services.join(","), stage: `${stage}/${stages}`, keys: keys.length };
    const { log, announce } = this.#options;
    if (outcome === "undone") log.warn("A trial was undone", { ...fields, ...leftKeys(trial), why });
    else if (outcome === "kept") log.info("A trial was kept", { ...fields, why });
    else log.info("A stage of a trial began", fields);
    announce(trial);
  }

  #forgetAll(): void {
    for (const { timer } of this.#followed.values()) timer?.cancel();
    this.#followed.clear();
  }

  #proceed({ id, stage }: KvTrialRow): Promise<void> {
    const atMs = this.#options.clock.wallMs();
    return this.#submit(id, { type: "kv-trial-proceed", id, stage, atMs });
  }

  #undo(id: string, why: string): Promise<void> {
    return this.#submit(id, { type: "kv-trial-undo", id, why, atMs: this.#options.clock.wallMs() });
  }

  /** Submits a decision about a trial, and tries again after a failure until the trial has ended or this server does not lead. */
  async #submit(id: string, command: Command): Promise<void> {
    try {
      await this.#store.submitAsLeader(command);
    } catch (error) {
      if (this.#isStopped || !this.#store.leads) return;
      const level = this.#failures.isNew(id) ? "warn" : "debug";
      this.#options.log[level]("Failed to decide about a trial; trying again", { trial: id, error: String(error) });
      const known = this.#followed.get(id);
      const isOvertaken = known?.why !== undefined && command.type === "kv-trial-proceed";
      if (!known || isOvertaken) return;
      const timer = this.#options.clock.schedule(retryMs, () => void this.#submit(id, command));
      this.#followed.set(id, { ...known, timer });
    }
  }
}

function concernsHealth(touched: ReadonlySet<Topic>): boolean {
  return touched.has(topics.checks) || touched.has(topics.services) || touched.has(topics.nodes);
}

/** Returns the keys that the undoing has left as another writer made them, for a line of the log. */
function leftKeys({ keys }: KvTrialRow): { readonly left?: string } {
  const left = keys.filter(({ state }) => state === "left").map(({ key }) => key);
  return left.length === 0 ? {} : { left: left.join(",").slice(0, 1_000) };
}
