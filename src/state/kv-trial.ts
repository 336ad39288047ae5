import { type CheckRow, worstStatus } from "../model/check.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { type Cause, unknownCause } from "../model/kv-history.ts";
import {
  cutWhy,
  type HeldContent,
  type KvTrialChange,
  type KvTrialKey,
  kvTrialLimits,
  type KvTrialRow,
  type WatchedStatus,
} from "../model/kv-trial.ts";
import type { KvTrialKeep, KvTrialProceed, KvTrialStart, KvTrialUndo, Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getKv, removeKv, writeKv } from "./kv.ts";
import { isLock } from "./kv-history.ts";
import { checksOfInstance, instancesOfService } from "./lookup.ts";
import { failingText } from "./rejection-text.ts";
import { rowKey } from "./row-key.ts";
import type { State } from "./state.ts";
import { kvTrials } from "./tables/kv-trial.ts";

/*
 * Trials: sets of changes that undo themselves. A trial is pending from its start until it is kept or undone:
 *
 *     start ─▶ stage 1 ─▶ ... ─▶ the last stage ─▶ kept
 *                 └────────────────────┴─────────▶ undone
 *
 * The state machine judges by the health in the state that the command changes, so that no check turns critical between the look
 * and the decision. PendingTrials, in the registry, submits the commands in time.
 *
 * The row of a pending trial has what the trial replaced, and what it will still write, so that the next leader, or the same agent
 * after a restart, can undo it. A key whose index is another than the trial's is another writer's, and stays.
 */

export function getKvTrial(state: State, id: string): KvTrialRow | undefined {
  return state.kvTrials.get(rowKey(id));
}

/** Returns all trials, the newest first. */
export function listKvTrials(state: State): readonly KvTrialRow[] {
  return [...state.kvTrials.values()].toSorted((a, b) => b.createIndex - a.createIndex);
}

/** A service as a trial judges it: by its worst check, whichever instance or node that belongs to. */
export interface WatchedService {
  readonly service: string;
  readonly status: WatchedStatus;
  /** The first check with that status; undefined if the service passes or is absent. */
  readonly check: CheckRow | undefined;
}

export function watchedService(state: State, service: string): WatchedService {
  const instances = instancesOfService(state, service);
  const checks = instances.flatMap(({ node, id }) => checksOfInstance(state, node, id));
  const status = instances.length === 0 ? "absent" : worstStatus(checks.map((check) => check.status));
  return { service, status, check: status === "passing" ? undefined : checks.find((each) => each.status === status) };
}

/** Returns why a pending trial must be undone at once: a service that is critical or absent; undefined if none is. */
export function failureOf(state: State, { services }: KvTrialRow): string | undefined {
  const failing = watchedIn(state, services, ({ status }) => status === "critical" || status === "absent");
  return failing && `the service ${failingText(failing)}`;
}

type Failing = Extract<Rejection, { readonly code: "trial-service" }>;

/** Returns the first of the services with a status that `isFailing` accepts. */
function watchedIn(
  state: State,
  services: readonly string[],
  isFailing: (watched: WatchedService) => boolean,
): Failing | undefined {
  for (const service of services) {
    const watched = watchedService(state, service);
    const { status, check } = watched;
    if (status === "passing" || !isFailing(watched)) continue;
    return { code: "trial-service", service, status, check: check && { id: check.id, node: check.node } };
  }
  return undefined;
}

function notPassing(state: State, services: readonly string[]): Failing | undefined {
  return watchedIn(state, services, () => true);
}

export function startKvTrial(draft: Draft, command: KvTrialStart): Outcome {
  const { state, index } = draft;
  const { trial, stages, atMs, cause = unknownCause } = command;
  if (getKvTrial(state, trial.id)) return { type: "unchanged" };
  const keys = stages.flatMap((changes, at) => changes.map((change) => waitingKey(draft, change, at + 1)));
  const reason = faultOf(state, command) ?? limitFault(state, keys);
  if (reason) return { type: "rejected", reason };
  const row: KvTrialRow = {
    ...trial,
    ...{ cause, startedMs: atMs, stage: 0, stages: stages.length, stagedMs: atMs, keys },
    ...{ outcome: "pending", why: "", ended: null, createIndex: index, modifyIndex: index },
  };
  draft.put(kvTrials, staged(draft, row, atMs), undefined);
  return { type: "done" };
}

function waitingKey({ state, origin }: Draft, { key, content }: KvTrialChange, stage: number): KvTrialKey {
  return {
    ...{ key, stage, operation: content ? "set" : "delete", state: "waiting" },
    ...{ seen: getKv(state, key)?.modifyIndex ?? 0, content: content && { ...content, origin } },
  };
}

function faultOf(state: State, { trial, stages }: KvTrialStart): Rejection | undefined {
  const taken = new Set(pendingTrials(state).flatMap(({ keys }) => keys.map(({ key }) => key)));
  for (const { key, cas } of stages.flat()) {
    const known = getKv(state, key);
    if (cas !== undefined && cas !== (known?.modifyIndex ?? 0)) return { code: "trial-key", key, fault: "changed" };
    if (known && isLock(known)) return { code: "trial-key", key, fault: "locked" };
    if (taken.has(key)) return { code: "trial-key", key, fault: "in-trial" };
    taken.add(key);
  }
  return notPassing(state, trial.services);
}

function limitFault(state: State, keys: readonly KvTrialKey[]): Rejection | undefined {
  const { bytesMax, pendingMax } = kvTrialLimits;
  // A key is replaced before or after its stage, so the larger of its two values is kept at the most.
  const bytes = keys.reduce((sum, { key, content }) => sum + Math.max(sizeOf(content), sizeOf(getKv(state, key))), 0);
  if (bytes > bytesMax) return { code: "trial-limit", what: "bytes", max: bytesMax };
  const isFull = pendingTrials(state).length >= pendingMax;
  return isFull ? { code: "trial-limit", what: "pending", max: pendingMax } : undefined;
}

function sizeOf(held: { readonly value: Uint8Array } | undefined): number {
  return held?.value.length ?? 0;
}

/** Returns the pending trials, the newest first. */
export function pendingTrials(state: State): readonly KvTrialRow[] {
  return state.kvTrials.size === 0 ? [] : listKvTrials(state).filter(({ outcome }) => outcome === "pending");
}

/** Makes the changes of the next stage, and returns the row with it. */
function staged(draft: Draft, row: KvTrialRow, atMs: number): KvTrialRow {
  const stage = row.stage + 1;
  draft.cause = row.cause;
  const keys = row.keys.map((key) => (key.stage === stage ? change(draft, key) : key));
  return { ...row, stage, stagedMs: atMs, keys, modifyIndex: draft.index };
}

/** Gives a key what it waits for, and returns it with what that replaced. */
function change(draft: Draft, waiting: KvTrialKey): KvTrialKey {
  const known = getKv(draft.state, waiting.key);
  const seen = give(draft, waiting, known);
  return { ...waiting, state: "changed", seen, content: known && heldOf(known) };
}

function heldOf({ value, flags, origin }: KvEntry): HeldContent {
  return { value, flags, origin };
}

/** Gives a key its content, or deletes it if it has none. Returns the key's ModifyIndex, or 0. */
function give(draft: Draft, { key, content }: KvTrialKey, known: KvEntry | undefined): number {
  if (content) writeKv(draft, { key, ...content, session: "", lockIndex: 0 }, known);
  else if (known) removeKv(draft, known);
  return getKv(draft.state, key)?.modifyIndex ?? 0;
}

export function proceedKvTrial(draft: Draft, { id, stage, atMs }: KvTrialProceed): Outcome {
  const { state } = draft;
  const row = getKvTrial(state, id);
  if (row?.outcome !== "pending" || row.stage !== stage) return { type: "unchanged" };
  const end = (why: string): Outcome => undo(draft, row, { why, atMs, cause: unknownCause });
  const failing = notPassing(state, row.services);
  if (failing) return end(`the time was over, and the service ${failingText(failing)}`);
  if (stage === row.stages && row.needsConfirm) return end("the time was over, and no caller had confirmed it");
  if (stage === row.stages)
    return keep(draft, row, { why: "all services passed when the time was over", atMs, cause: unknownCause });
  const foreign = row.keys.find((key) => key.stage === stage + 1 && isForeign(state, key));
  if (foreign) return end(`another writer changed the key ${JSON.stringify(foreign.key)} before its stage`);
  draft.put(kvTrials, staged(draft, row, atMs), row);
  return { type: "done" };
}

/** Returns whether another writer has changed a key since the trial last looked at it. */
function isForeign(state: State, { key, seen }: KvTrialKey): boolean {
  return (getKv(state, key)?.modifyIndex ?? 0) !== seen;
}

export function keepKvTrial(draft: Draft, { id, atMs, cause = unknownCause }: KvTrialKeep): Outcome {
  const row = findPending(draft.state, id);
  if ("code" in row) return { type: "rejected", reason: row };
  const { stage, stages } = row;
  if (stage < stages) return { type: "rejected", reason: { code: "trial-unfinished", stage, stages } };
  return keep(draft, row, { why: "it was confirmed", atMs, cause });
}

export function undoKvTrial(draft: Draft, { id, why, atMs, cause = unknownCause }: KvTrialUndo): Outcome {
  const row = findPending(draft.state, id);
  if ("code" in row) return { type: "rejected", reason: row };
  return undo(draft, row, { why, atMs, cause });
}

function findPending(state: State, id: string): KvTrialRow | Rejection {
  const row = getKvTrial(state, id);
  if (!row) return { code: "trial-unknown", id };
  return row.outcome === "pending" ? row : { code: "trial-over", outcome: row.outcome, why: row.why };
}

interface End {
  readonly why: string;
  readonly atMs: number;
  readonly cause: Cause;
}

function keep(draft: Draft, row: KvTrialRow, end: End): Outcome {
  return finish(draft, { ...row, outcome: "kept" }, end);
}

/** Takes all changes back, the last one first. */
function undo(draft: Draft, row: KvTrialRow, end: End): Outcome {
  const { cause, why } = end;
  draft.cause = { ...cause, reason: cause.reason === "" ? cutWhy(why) : cause.reason, means: "trial undone" };
  const keys = row.keys.toReversed().map((key) => (key.state === "changed" ? takeBack(draft, key) : key));
  return finish(draft, { ...row, keys: keys.toReversed(), outcome: "undone" }, end);
}

function takeBack(draft: Draft, key: KvTrialKey): KvTrialKey {
  if (isForeign(draft.state, key)) return { ...key, state: "left" };
  const seen = give(draft, key, getKv(draft.state, key.key));
  return { ...key, state: "restored", seen };
}

/** Writes the record of an ended trial, and drops the oldest records beyond their number. */
function finish(draft: Draft, row: KvTrialRow, { why, atMs, cause }: End): Outcome {
  const keys = row.keys.map((key) => ({ ...key, content: undefined }));
  const ended = { ...row, keys, why: cutWhy(why), ended: { cause, atMs }, modifyIndex: draft.index };
  draft.put(kvTrials, ended, getKvTrial(draft.state, row.id));
  const records = listKvTrials(draft.state).filter(({ outcome }) => outcome !== "pending");
  for (const old of records.slice(kvTrialLimits.recordsMax)) draft.delete(kvTrials, old);
  return { type: "done" };
}
