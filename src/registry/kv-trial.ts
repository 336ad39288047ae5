import type { Rights } from "../acl/rights.ts";
import type { KvTrial, KvTrialChange, KvTrialRow } from "../model/kv-trial.ts";
import { getKvTrial, listKvTrials, type WatchedService, watchedService } from "../state/kv-trial.ts";
import type { State } from "../state/state.ts";
import { kvTrials } from "../state/tables/kv-trial.ts";
import { topics, type Topic } from "../state/topics.ts";
import type { Query } from "./query.ts";
import { throwIfRejected } from "./rejection.ts";
import type { Registry } from "./registry.ts";

/** A trial with the present health of those of its services that the reader may read. */
export interface SeenTrial {
  readonly trial: KvTrialRow;
  readonly services: readonly WatchedService[];
}

/** Returns the query for all trials, the newest first. */
export function kvTrialList(state: State): Query<readonly SeenTrial[]> {
  return {
    topics: topicsOf(listKvTrials(state)),
    read: (newest) => listKvTrials(newest).map((trial) => seen(newest, trial)),
    readAs: (newest, rights) => listKvTrials(newest).flatMap((trial) => seenBy(newest, trial, rights) ?? []),
  };
}

/** Returns the query for a trial; undefined for an id of no trial, or of one that the caller may not see. */
export function kvTrial(state: State, id: string): Query<SeenTrial | undefined> {
  const row = getKvTrial(state, id);
  const find = (newest: State, look: (trial: KvTrialRow) => SeenTrial | undefined): SeenTrial | undefined => {
    const trial = getKvTrial(newest, id);
    return trial && look(trial);
  };
  return {
    topics: topicsOf(row ? [row] : []),
    read: (newest) => find(newest, (trial) => seen(newest, trial)),
    readAs: (newest, rights) => find(newest, (trial) => seenBy(newest, trial, rights)),
  };
}

/** Returns the topics of trials and of the health of those services that the pending ones watch now. */
function topicsOf(trials: readonly KvTrialRow[]): readonly Topic[] {
  const watched = trials.filter(({ outcome }) => outcome === "pending").flatMap(({ services }) => services);
  return [
    topics.kvTrials,
    ...[...new Set(watched)].flatMap((name) => [topics.service(name), topics.serviceChecks(name)]),
  ];
}

function seen(state: State, trial: KvTrialRow): SeenTrial {
  return { trial, services: trial.services.map((service) => watchedService(state, service)) };
}

/** Returns undefined if a caller with these rights may not read all keys of the trial. */
function seenBy(state: State, trial: KvTrialRow, rights: Rights): SeenTrial | undefined {
  if (!kvTrials.mayRead(trial, rights)) return undefined;
  const services = trial.services.filter((service) => rights.may("service", "read", service));
  return { trial, services: services.map((service) => watchedService(state, service)) };
}

/**
 * Divides changes into stages, one for each service: those of the keys with the service's name as a part of their path. All other
 * keys go with the first stage, and a stage without keys falls away.
 */
export function stagesByService(
  changes: readonly KvTrialChange[],
  services: readonly string[],
): readonly (readonly KvTrialChange[])[] {
  const stageOf = ({ key }: KvTrialChange): number => {
    const parts = new Set(key.split("/"));
    return Math.max(
      0,
      services.findIndex((service) => parts.has(service)),
    );
  };
  return services
    .map((_, stage) => changes.filter((change) => stageOf(change) === stage))
    .filter((stage) => stage.length > 0);
}

export interface KvTrialAsked {
  readonly trial: KvTrial;
  readonly stages: readonly (readonly KvTrialChange[])[];
  readonly atMs: number;
}

/**
 * Starts a trial: makes the changes of its first stage, or none.
 * @throws OperatingError conflict "trial-service", "trial-key", "trial-limit"
 */
export async function startKvTrial(store: Registry, asked: KvTrialAsked): Promise<void> {
  throwIfRejected(await store.submit({ type: "kv-trial-start", ...asked }));
}

/**
 * Keeps the changes of a pending trial.
 * @throws OperatingError conflict "trial-unknown", "trial-over", "trial-unfinished"
 */
export async function keepKvTrial(store: Registry, id: string, atMs: number): Promise<void> {
  throwIfRejected(await store.submit({ type: "kv-trial-keep", id, atMs }));
}

/**
 * Takes the changes of a pending trial back.
 * @throws OperatingError conflict "trial-unknown", "trial-over"
 */
export async function undoKvTrial(store: Registry, id: string, atMs: number): Promise<void> {
  throwIfRejected(await store.submit({ type: "kv-trial-undo", id, why: "it was taken back by hand", atMs }));
}
