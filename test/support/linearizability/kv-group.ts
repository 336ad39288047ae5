import { IndexedRows } from "./indexed-rows.ts";
import type { KvResult, KvShown, KvStep } from "./kv-operation.ts";

export interface KvContent {
  readonly value: string;
  /** The id of the session that holds the key's lock, or "". */
  readonly session: string;
  readonly lockIndex: number;
}

/** A few keys with their entries, and the sessions that are alive: the state of the model. */
export interface KvGroup {
  readonly rows: IndexedRows<KvContent>;
  readonly sessions: ReadonlySet<string>;
}

export const emptyGroup: KvGroup = { rows: IndexedRows.empty(), sessions: new Set() };

/** One possible outcome of a step and the group after it. */
export interface KvWay {
  readonly group: KvGroup;
  readonly result: KvResult;
}

/** Returns the possible outcomes of a step: two if it depends on an index that no answer has shown yet. */
export function waysOf(group: KvGroup, step: KvStep): readonly KvWay[] {
  const { verb, key } = step;
  const known = group.rows.get(key);
  switch (verb) {
    case "set":
      return [done(set(group, step))];
    case "cas":
      if (step.index === 0) return [known ? refused(group) : done(set(group, step))];
      return ifIndexIs(group, step, (group) => set(group, step));
    case "lock":
      return [lock(group, step)];
    case "unlock":
      return [unlock(group, step)];
    case "delete":
      return [done(remove(group, key))];
    case "delete-cas":
      return known ? ifIndexIs(group, step, (group) => remove(group, key)) : [done(group)];
    case "get":
      return [known ? done(group) : refused(group)];
    case "check-index":
      return ifIndexIs(group, step, (group) => group);
    case "check-not-exists":
      return [known ? refused(group) : done(group)];
  }
}

/** Returns the group, given that an answer contained this row; undefined when the group cannot contain the row. */
export function withShown(
  group: KvGroup,
  { key, value, session, lockIndex, modifyIndex }: KvShown,
): KvGroup | undefined {
  const content = group.rows.get(key);
  if (content?.session !== session || content.lockIndex !== lockIndex) return undefined;
  if (value !== undefined && content.value !== value) return undefined;
  const rows = group.rows.withIndex(key, modifyIndex);
  return rows && { ...group, rows };
}

export function removeAll(group: KvGroup): KvGroup {
  return group.rows.keys.reduce(remove, group);
}

export function addSession(group: KvGroup, id: string): KvGroup {
  return { ...group, sessions: new Set(group.sessions).add(id) };
}

/** Ends a session and releases its locks at once: these sessions have no lock delay. */
export function endSession(group: KvGroup, id: string): KvGroup {
  const sessions = new Set(group.sessions);
  sessions.delete(id);
  let { rows } = group;
  for (const key of rows.keys) {
    const content = rows.get(key);
    if (content?.session === id) rows = rows.put(key, { ...content, session: "" });
  }
  return { rows, sessions };
}

function done(group: KvGroup): KvWay {
  return { group, result: "done" };
}

function refused(group: KvGroup): KvWay {
  return { group, result: "refused" };
}

function ifIndexIs(group: KvGroup, { key, index }: KvStep, act: (group: KvGroup) => KvGroup): readonly KvWay[] {
  const rows = group.rows.withIndex(key, index);
  if (!rows) return [refused(group)];
  const taken = done(act({ ...group, rows }));
  return group.rows.hasIndex(key, index) === true ? [taken] : [taken, refused(group)];
}

/** Consul: a write without a session leaves the lock with its holder and sets the lock index to 0. */
function set(group: KvGroup, { key, value }: KvStep): KvGroup {
  return write(group, key, { value, session: group.rows.get(key)?.session ?? "", lockIndex: 0 });
}

function lock(group: KvGroup, { key, value, session }: KvStep): KvWay {
  if (!group.sessions.has(session)) return { group, result: "invalid-session" };
  const known = group.rows.get(key);
  const holder = known?.session ?? "";
  if (holder !== "" && holder !== session) return refused(group);
  const lockIndex = (known?.lockIndex ?? 0) + (holder === "" ? 1 : 0);
  return done(write(group, key, { value, session, lockIndex }));
}

function unlock(group: KvGroup, { key, value, session }: KvStep): KvWay {
  const known = group.rows.get(key);
  if (known?.session !== session) return refused(group);
  return done(write(group, key, { value, session: "", lockIndex: known.lockIndex }));
}

function write(group: KvGroup, key: string, content: KvContent): KvGroup {
  return { ...group, rows: group.rows.put(key, content) };
}

function remove(group: KvGroup, key: string): KvGroup {
  return { ...group, rows: group.rows.delete(key) };
}
