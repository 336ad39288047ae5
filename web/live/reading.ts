import { effect, type Signal, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { pauseAfter } from "./connection.ts";
import type { Indexes } from "./held-request.ts";
import { indexes, interest, isPaused, returns } from "./feed.ts";
import { api } from "./place.ts";
import { ask, type Ask, type Outcome } from "./request.ts";
import { token } from "./session.ts";
import { isSparing } from "./sparing.ts";
import type { Reading } from "./view-state.ts";

/*
 * Reads that stay current. A screen says which address it shows and on which topics that depends; the address is read once for
 * all that show it, and again when a topic has moved, the agent has restarted, or the token has changed.
 */

export interface Query {
  /** The address below the API: "v1/internal/ui/services". */
  readonly path: string;
  /** The topics on which the data depends, as `GET v1/praetor/changes` names them: "services", "health", "kv:edgex/". */
  readonly topics: readonly string[];
  /**
   * The time after which the data is read again while the tab is seen and the browser saves no data, for data without a topic; default:
   * never.
   */
  readonly everyMs?: number;
  /** Whether the shell shows the data, and not the screen in front. */
  readonly isBackground?: true;
}

interface Shared extends Query {
  readonly reading: Signal<Reading<unknown>>;
  users: number;
  isAsking: boolean;
  /** Whether to read again after the read that runs, whatever its answer. */
  isDue: boolean;
  /** The newest index of the topics when the last read began. */
  seenIndex: number;
  startedMs: number;
  /** Failures in a row. */
  failures: number;
  stop: () => void;
}

const unread: Reading<unknown> = {
  value: undefined,
  index: 0,
  asOfMs: undefined,
  askedMs: 0,
  failure: undefined,
  failedSinceMs: undefined,
};

/** At most four repaints a second. */
const readEveryMs = 250;
const shared = new Map<string, Shared>();

/**
 * Returns the current data of an address, as long as the component is shown.
 * @template T the shape of the agent's answer; live/answers.ts has those that are used
 */
export function useReading<T>(query: Query): Reading<T> {
  const { path } = query;
  const found = sharedOf(query);
  useEffect(() => {
    const kept = sharedOf(query);
    kept.users += 1;
    if (kept.users === 1) start(kept);
    // The data that the shell has read for itself may be old, and no topic would have told.
    else if (query.topics.length === 0 && !query.isBackground) readSoon(kept);
    tellInterest();
    return () => {
      kept.users -= 1;
      if (kept.users > 0) return;
      kept.stop();
      shared.delete(path);
      tellInterest();
    };
  }, [path]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the caller names the shape that this address answers with
  return found.reading.value as Reading<T>;
}

/** Reads everything that is shown again. */
export function refresh(): void {
  for (const each of shared.values()) {
    // A pause after failures is cut short.
    if (each.failures > 0) each.isAsking = false;
    readSoon(each);
  }
}

/**
 * Sends a write, and reads what is shown again when the agent has done it. Never rejects.
 * @param path the address below the API: "v1/agent/maintenance?enable=true"
 */
export async function write(method: "PUT" | "DELETE", path: string, body?: Ask["body"]): Promise<Outcome> {
  const outcome = await send(method, path, body);
  if ("answer" in outcome) refresh();
  return outcome;
}

/** Reads once what is asked for by a body, such as a transaction of reads. Never rejects. */
export function readBy(path: string, body: string): Promise<Outcome> {
  return send("PUT", path, body);
}

/** Reads an address once, such as what a download has. Never rejects. */
export function readOnce(path: string): Promise<Outcome> {
  return ask({ api: api.href, token: token.peek(), path });
}

function send(method: "PUT" | "DELETE", path: string, body: Ask["body"]): Promise<Outcome> {
  return ask({ api: api.href, token: token.peek(), path, method, ...(body !== undefined && { body }) });
}

function sharedOf(query: Query): Shared {
  const found = shared.get(query.path);
  if (found) return found;
  const made: Shared = {
    ...query,
    reading: signal({ ...unread, askedMs: Date.now() }),
    users: 0,
    isAsking: false,
    isDue: false,
    seenIndex: 0,
    startedMs: 0,
    failures: 0,
    stop: () => {},
  };
  shared.set(query.path, made);
  return made;
}

function start(each: Shared): void {
  let last: readonly unknown[] = [];
  const stopFollowing = effect(() => {
    const causes = [token.value, returns.value];
    const moved = movedIndex(each, indexes.value);
    const isCaused = causes.some((cause, at) => cause !== last[at]);
    last = causes;
    // The answer to a read that runs may have the change already.
    if (isCaused || (!each.isAsking && isBehind(each, moved))) readSoon(each);
  });
  const timer =
    each.everyMs === undefined
      ? undefined
      : setInterval(() => {
          if (document.visibilityState === "visible" && !isPaused.peek() && !isSparing()) readSoon(each);
        }, each.everyMs);
  each.stop = () => {
    stopFollowing();
    clearInterval(timer);
  };
}

/** Returns the index of the last change of the topics on which the data depends. */
function movedIndex({ topics }: Query, known: Indexes): number {
  return Math.max(0, ...topics.map((topic) => known[topic] ?? 0));
}

/** Whether a topic has moved since the data was read, and updates are not paused. */
function isBehind({ seenIndex, reading }: Shared, moved: number): boolean {
  return moved > Math.max(seenIndex, reading.peek().index) && !isPaused.peek();
}

function readSoon(each: Shared, pauseMs = 0): void {
  if (each.isAsking) {
    each.isDue = true;
    return;
  }
  each.isAsking = true;
  // The clock of the browser's machine may have been set back since.
  const waitMs = Math.max(pauseMs, Math.min(readEveryMs, each.startedMs + readEveryMs - Date.now()));
  setTimeout(() => void read(each), waitMs);
}

async function read(each: Shared): Promise<void> {
  if (each.users === 0) return;
  each.isDue = false;
  each.startedMs = Date.now();
  each.seenIndex = movedIndex(each, indexes.peek());
  const outcome = await ask({ api: api.href, path: each.path, token: token.peek() });
  each.reading.value = readingAfter(each.reading.peek(), outcome, Date.now());
  each.isAsking = false;
  const kind = "failure" in outcome ? outcome.failure.kind : undefined;
  each.failures = kind === undefined ? 0 : each.failures + 1;
  // A denied or deleted thing changes only with the token or a topic.
  const retryMs = "failure" in outcome ? (outcome.failure.retryMs ?? 0) : 0;
  if (kind === "offline" || kind === "refused")
    readSoon(each, Math.max(retryMs, pauseAfter(each.failures, Math.random())));
  else if (each.isDue || isBehind(each, movedIndex(each, indexes.peek()))) readSoon(each);
}

/** Returns the reading after an attempt: a failure keeps the last data. */
function readingAfter<T>(before: Reading<T>, outcome: Outcome, nowMs: number): Reading<T> {
  if ("failure" in outcome)
    return { ...before, failure: outcome.failure, failedSinceMs: before.failedSinceMs ?? nowMs };
  const { value, index } = outcome.answer;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see useReading
  return { ...before, value: value as T, index, asOfMs: nowMs, failure: undefined, failedSinceMs: undefined };
}

function tellInterest(): void {
  const used = [...shared.values()].filter(({ users }) => users > 0);
  // Data without a topic does not change by itself, so there is nothing to wait for.
  const awaited = used.filter((each) => each.topics.length > 0);
  const blocking = awaited.filter(({ path }) => canBlock(path));
  const front = blocking.findLast(({ isBackground }) => !isBackground) ?? blocking.at(-1) ?? awaited.at(-1);
  const topics = [...new Set(used.flatMap((each) => each.topics))].toSorted();
  interest.value = front && { topics, fallback: front.path };
}

/** Whether an agent without `changes`, a Consul, holds reads of this address: it answers at once for itself, and knows no v1/praetor/. */
function canBlock(path: string): boolean {
  return !path.startsWith("v1/praetor/") && !path.startsWith("v1/agent/");
}
