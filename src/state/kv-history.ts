import type { KvEntry } from "../model/kv-entry.ts";
import { type HistoryRule, historyRuleFor, keepsChanges, type KvChange, type PastKeys } from "../model/kv-history.ts";
import type { Keeping } from "./command.ts";
import type { Draft } from "./draft.ts";
import { kvOrder } from "./row-key.ts";
import type { State } from "./state.ts";
import { historyFloorKey, kvHistoryFloor } from "./tables/kv-history-floor.ts";
import {
  atMsOf,
  changePlace,
  hasCause,
  indexOfChange,
  isPackable,
  keyOfChange,
  kvHistory,
  type KvHistoryRow,
  numberOf,
  unpackChange,
  packChange,
} from "./tables/kv-history.ts";

/*
 * The past of the keys. A change of a key keeps the entry that it replaces, so a key that is written once costs nothing. The entry
 * at an earlier index is that which the first later change has replaced, or the present one.
 *
 * Not kept: the changes of keys whose rule says so; those of locks, whose values tell of processes and not of settings; and the
 * steps of a burst, in which one writer changes a key several times within a second with values of one origin, but the first; while
 * more than 200 changes a second are kept, a burst is a minute long, so that a writer that runs wild does not drive out the past of all
 * other keys. An entry tells by its modifyIndex that changes before it were not kept: the past is then unknown between the last kept change and
 * that index.
 */

const burstMsMax = 1_000;

/** The same while a storm of changes is kept, which would soon take the place of all other changes. */
const stormBurstMsMax = 60_000;

/** Above the maximum size, the oldest changes are dropped until this part of it is left, so that not each write drops one. */
const partKept = 15 / 16;

/**
 * Keeps the change that a command is about to make to a key.
 * @param known the entry that it replaces, if any. @param next the entry after it; undefined if it deletes the key
 */
export function keepChange(draft: Draft, known: KvEntry | undefined, next: KvEntry | undefined): void {
  const { keeping, index, cause } = draft;
  const key = (next ?? known)?.key;
  if (!keeping || key === undefined) return;
  const { policy, wallMs } = keeping;
  if (floorOf(draft.state)?.leftOut !== policy.leftOut) raiseFloor(draft, index - 1);
  const previous = plain(known);
  const hasPlainSide = previous !== undefined || plain(next) !== undefined;
  const rule = historyRuleFor(policy, key);
  if (!hasPlainSide || rule.changesMax === 0 || !isPackable(key)) return;
  const past = draft.state.kvPasts.get(kvOrder(key)) ?? [];
  const newest = past.at(-1);
  const isFirst = known === undefined && newest === undefined;
  if (isFirst || isSecondStep(draft, previous, newest) || isBurst(draft, newest, [previous, next])) return;
  const number = newest ? numberOf(newest) + 1 : 1;
  const change = { key, index, number, step: draft.nextKept(), atMs: wallMs, cause, previous };
  draft.put(kvHistory, packChange(change), undefined);
  keeping.rate?.add(wallMs);
  dropOldChanges(draft, keeping, { rule, past });
}

/** Returns whether the changes of a key are kept, by the policy of the draft. */
export function keepsIn({ keeping }: Draft, key: string): boolean {
  return keeping !== undefined && keepsChanges(keeping.policy, key);
}

/** Returns whether an entry is a lock, which it is until it is written without a session. The past has no locks. */
export function isLock({ session, lockIndex }: Pick<KvEntry, "session" | "lockIndex">): boolean {
  return session !== "" || lockIndex > 0;
}

function plain(entry: KvEntry | undefined): KvEntry | undefined {
  return entry && !isLock(entry) ? entry : undefined;
}

/** Returns whether the same command has changed the key already: the change is kept, or the command created the key. */
function isSecondStep({ index }: Draft, previous: KvEntry | undefined, newest: KvHistoryRow | undefined): boolean {
  return previous?.modifyIndex === index || (newest !== undefined && indexOfChange(newest) === index);
}

/** Returns whether the current command updates a key, and so goes on with the burst of the key's newest change. */
function isBurst(
  { keeping, cause, mayFold }: Draft,
  newest: KvHistoryRow | undefined,
  [previous, next]: readonly [KvEntry | undefined, KvEntry | undefined],
): boolean {
  const isUpdate = previous !== undefined && next?.origin === previous.origin;
  if (!isUpdate || !newest || !mayFold || !keeping) return false;
  const { wallMs, rate } = keeping;
  const ageMs = wallMs - atMsOf(newest);
  const msMax = rate?.isStorm(wallMs) === true ? stormBurstMsMax : burstMsMax;
  return ageMs >= 0 && ageMs < msMax && hasCause(newest, cause);
}

interface PastOfKey {
  readonly rule: HistoryRule;
  /** The kept changes of the key, the oldest first, without the one that was just added. */
  readonly past: readonly KvHistoryRow[];
}

function dropOldChanges(draft: Draft, { policy, wallMs }: Keeping, { rule, past }: PastOfKey): void {
  const { changesMax, ageMsMax } = rule;
  // At most two, so that the work of a write is bounded; each write adds one.
  for (const at of [0, 1]) {
    const oldest = past[at];
    if (oldest && (past.length + 1 - at > changesMax || wallMs - atMsOf(oldest) > ageMsMax))
      draft.delete(kvHistory, oldest);
  }
  const isTooOld = (oldest: KvHistoryRow): boolean => {
    const ageMs = wallMs - atMsOf(oldest);
    return ageMs > policy.ageMsMin && ageMs > historyRuleFor(policy, keyOfChange(oldest)).ageMsMax;
  };
  const bytesLeftMax = draft.kvHistoryBytes > policy.bytesMax ? policy.bytesMax * partKept : Number.POSITIVE_INFINITY;
  dropOldest(draft, (oldest, drops) => draft.kvHistoryBytes > bytesLeftMax || (drops < 2 && isTooOld(oldest)));
}

/** Drops the oldest changes of all while a condition holds. The past before the last dropped one is then unknown. */
function dropOldest(draft: Draft, isOver: (oldest: KvHistoryRow, drops: number) => boolean): void {
  let dropped: KvHistoryRow | undefined;
  for (let drops = 0; ; drops++) {
    const oldest = draft.state.kvChanges.from("")?.[1];
    if (!oldest || !isOver(oldest, drops)) break;
    draft.delete(kvHistory, oldest);
    dropped = oldest;
  }
  if (dropped) raiseFloor(draft, indexOfChange(dropped));
}

function floorOf({
  kvHistoryFloor: floors,
}: State): { readonly modifyIndex: number; readonly leftOut: string } | undefined {
  return floors.get(historyFloorKey);
}

function raiseFloor(draft: Draft, to: number): void {
  const known = draft.state.kvHistoryFloor.get(historyFloorKey);
  const modifyIndex = Math.max(to, known?.modifyIndex ?? 0);
  const leftOut = draft.keeping?.policy.leftOut ?? "";
  draft.put(kvHistoryFloor, { createIndex: known?.createIndex ?? modifyIndex, modifyIndex, leftOut }, known);
}

/** Returns the lowest index at which the state of the keys may be known. */
export function oldestPast(state: State): number {
  return floorOf(state)?.modifyIndex ?? state.index;
}

/** Returns the kept changes of a key, the oldest first. */
export function changesOf(state: State, key: string): readonly KvChange[] {
  return (state.kvPasts.get(kvOrder(key)) ?? []).map(unpackChange);
}

/** Returns the newest kept change of a key. */
export function newestChangeOf(state: State, key: string): KvChange | undefined {
  const newest = state.kvPasts.get(kvOrder(key))?.at(-1);
  return newest && unpackChange(newest);
}

/** Yields the kept changes of all keys with a prefix in the order in which they were made, from `index` on. */
export function* changesSince(state: State, prefix: string, index: number): Generator<KvChange> {
  for (const [, row] of state.kvChanges.startingWith("", changePlace(index)))
    if (keyOfChange(row).startsWith(prefix)) yield unpackChange(row);
}

/** Yields the same, the newest first. */
export function* newestChanges(state: State, prefix: string): Generator<KvChange> {
  for (let found = state.kvChanges.before("~"); found; found = state.kvChanges.before(found[0]))
    if (keyOfChange(found[1]).startsWith(prefix)) yield unpackChange(found[1]);
}

/** Returns the index of the last kept change at or before a wall time, or the oldest index of the past. */
export function indexAtTime(state: State, atMs: number): number {
  for (let found = state.kvChanges.before("~"); found; found = state.kvChanges.before(found[0]))
    if (atMsOf(found[1]) <= atMs) return Math.max(indexOfChange(found[1]), oldestPast(state));
  return oldestPast(state);
}

/** The entry of a key at an earlier index: undefined if there was none; `since` if it is known only from that index on. */
type Past = { readonly entry: KvEntry | undefined } | { readonly since: number };

/** @param changes the kept changes of the key, the oldest first. @param present its present entry */
function pastOf(changes: readonly KvChange[], present: KvEntry | undefined, index: number): Past {
  const next = changes.find((change) => change.index > index);
  const version = next ? next.previous : present;
  const isOldest = changes[0] === next;
  const wasCut = isOldest && next !== undefined && next.number > 1;
  if (!version) return wasCut ? { since: next.index } : { entry: undefined };
  if (isLock(version)) return { entry: undefined };
  if (version.modifyIndex <= index) return { entry: version };
  const wasCreated = isOldest && !wasCut && version.createIndex === version.modifyIndex;
  return wasCreated ? { entry: undefined } : { since: version.modifyIndex };
}

/** Keys and their entries at an index; or the lowest index from which on they are known. */
export type PastEntries = { readonly entries: readonly KvEntry[] } | { readonly oldest: number };

/**
 * Returns the entries of keys at an index, without locks. The caller omits the keys whose changes are not kept.
 * @param isKept whether the changes of a key are kept
 */
export function entriesAt(state: State, keys: PastKeys, index: number, isKept: (key: string) => boolean): PastEntries {
  let oldest = Math.max(index, oldestPast(state));
  const known = knownKeys(state, keys, isKept);
  let entries = pasts(known, oldest);
  while ("since" in entries) {
    oldest = entries.since;
    entries = pasts(known, oldest);
  }
  return oldest > index ? { oldest } : entries;
}

interface KnownKey {
  readonly present: KvEntry | undefined;
  readonly changes: readonly KvChange[];
}

function knownKeys(
  state: State,
  { key, recurse }: PastKeys,
  isKept: (key: string) => boolean,
): ReadonlyMap<string, KnownKey> {
  const known = new Map<string, KnownKey>();
  const beginning = kvOrder(key);
  const entries = recurse ? state.kv.startingWith(beginning) : single(beginning, state.kv.get(beginning));
  for (const [place, present] of entries) if (isKept(present.key)) known.set(place, { present, changes: [] });
  const pasts = recurse ? state.kvPasts.startingWith(beginning) : single(beginning, state.kvPasts.get(beginning));
  for (const [place, rows] of pasts) {
    const changes = rows.map(unpackChange);
    if (isKept(changes[0]?.key ?? "")) known.set(place, { present: known.get(place)?.present, changes });
  }
  return known;
}

function* single<V>(place: string, value: V | undefined): Generator<[string, V]> {
  if (value !== undefined) yield [place, value];
}

function pasts(
  known: ReadonlyMap<string, KnownKey>,
  index: number,
): { readonly entries: readonly KvEntry[] } | { readonly since: number } {
  const found: [string, KvEntry][] = [];
  let since = 0;
  for (const [place, { changes, present }] of known) {
    const past = pastOf(changes, present, index);
    if ("since" in past) since = Math.max(since, past.since);
    else if (past.entry) found.push([place, past.entry]);
  }
  if (since > 0) return { since };
  return { entries: found.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry) };
}
