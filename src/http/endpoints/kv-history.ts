import type { Clock } from "../../lib/clock.ts";
import { parseDurationWithDays } from "../../lib/duration.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { PastKeys } from "../../model/kv-history.ts";
import {
  indexOfMoment,
  type KvPast,
  kvVersions,
  kvVersionsBelow,
  lastChangeOf,
  type Moment,
  resetKv,
  rollBackKv,
} from "../../registry/kv-history.ts";
import { kvOrigins } from "../../registry/kv-origin.ts";
import type { Registry } from "../../registry/registry.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { renderKvEntries } from "../../wire/kv-entry.ts";
import { encodeKvDifference, encodeKvOrigin, encodeKvVersion } from "../../wire/kv-history.ts";
import { json, jsonText } from "../answers.ts";
import { demand, demandKeyList } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseCount } from "../parameters.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface KvHistoryParts {
  readonly past: KvPast;
  readonly clock: Clock;
}

const limitDefault = 100;
const limitMax = 1_000;

/**
 * Answers with the versions of a key, the newest first, with their values; with `?recurse` with what happened to all keys with a
 * prefix, without values. It blocks on `?index` as reads of the keys do.
 */
export const listVersions: DatacenterEndpoint = (request) => {
  const { query, rest } = request;
  const limit = Math.min(parseCount(query, "limit") ?? limitDefault, limitMax);
  if (query.has("recurse")) {
    demandKeyList(request, rest);
    return answerJson(request, kvVersionsBelow(rest, limit), (versions) =>
      versions.map((version) => encodeKvVersion(version, { withValue: false })),
    );
  }
  requireKey(rest);
  demand(request, "key", "read", rest);
  return answerJson(request, kvVersions(rest, limit), (versions) =>
    versions.length === 0 ? undefined : versions.map((version) => encodeKvVersion(version, { withValue: true })),
  );
};

/** Answers with a key, or with `?recurse` all keys with a prefix, as they were at `?at`, in the form of /v1/kv. */
export function getPast(parts: KvHistoryParts): DatacenterEndpoint {
  return (request) => {
    const keys = keysOf(request);
    const moment = requireMoment(request, "at", parts.clock);
    return ({ store }) =>
      whenFresh(store, request.queryOptions().consistency, () => {
        const { registry } = request.caller;
        const index = indexOfMoment(registry, moment);
        const past = parts.past.entriesAt(registry, keys, index);
        if ("oldest" in past) throw notKept(index, past.oldest);
        const headers = { [indexHeader]: String(index) };
        if (past.entries.length === 0) throw new HttpError(404, "", headers);
        return jsonText(request, renderKvEntries(past.entries, { pretty: request.pretty }), { headers });
      });
  };
}

/** Answers how the keys with a prefix differ between two moments: `?from`, and `?to`, by default now. */
export function getDifferences(parts: KvHistoryParts): DatacenterEndpoint {
  return (request) => {
    const keys = { key: request.rest, recurse: true };
    demandKeyList(request, keys.key);
    const from = requireMoment(request, "from", parts.clock);
    const to = momentOf(request, "to", parts.clock);
    return ({ store }) =>
      whenFresh(store, request.queryOptions().consistency, () => {
        const { registry } = request.caller;
        const span = { from: indexOfMoment(registry, from), to: to ? indexOfMoment(registry, to) : registry.index };
        const changes = differences(parts, registry, { keys, ...span });
        return json(request, { From: span.from, To: span.to, Changes: changes });
      });
  };
}

/** Answers where the value of a key, or with `?recurse` of each key with a prefix, comes from, and which services do not use it. */
export const listOrigins: DatacenterEndpoint = (request) => {
  const keys = keysOf(request);
  return ({ store }) =>
    whenFresh(store, request.queryOptions().consistency, () => {
      const origins = kvOrigins(request.caller.registry.state, keys);
      if (origins.length === 0) throw new HttpError(404, "");
      return json(request, origins.map(encodeKvOrigin));
    });
};

/** Maximum number of times that a change of many keys looks again because a key has changed while it looked. */
const looksMax = 5;

/**
 * Gives a key, or with `?recurse` all keys with a prefix, the values that they had at `?to`, in one change. With `?cas` it is refused
 * if one of them changed after that index; with `?dry_run` it only answers what it would change.
 */
export function rollBack(parts: KvHistoryParts): DatacenterEndpoint {
  return (request) => {
    const keys = keysOf(request);
    const moment = requireMoment(request, "to", parts.clock);
    return changeAsLookedAt(request, keys, (registry) => {
      const to = indexOfMoment(registry, moment);
      const changes = differences(parts, registry, { keys, from: registry.index, to });
      return { told: { To: to }, changes, submit: (seen) => rollBackKv(registry, { ...keys, to, seen }) };
    });
  };
}

/**
 * Puts a key, or with `?recurse` all keys with a prefix, back to the newest value that a service has pushed and that is kept, in one
 * change. Takes `?cas` and `?dry_run` as a rollback does. A single key without such a value is refused; others are left, and named.
 */
export function reset({ past }: KvHistoryParts): DatacenterEndpoint {
  return (request) => {
    const keys = keysOf(request);
    return changeAsLookedAt(request, keys, (registry) => {
      const resets = past.resets(registry, keys);
      if (!resets) throw new HttpError(404, "");
      const { differences: found, left } = resets;
      if (!keys.recurse && left.length > 0) throw nothingPushed(keys.key);
      const changes = found.map(encodeKvDifference);
      return { told: { Left: left }, changes, submit: (seen) => resetKv(registry, { ...keys, seen }) };
    });
  };
}

/** A change of many keys, as the present state gives it. */
interface LookedAt {
  /** Fields of the answer. */
  readonly told: object;
  readonly changes: readonly object[];
  /** Makes the change. Resolves with false, and changes nothing, if one of the keys changed after the index `seen`. */
  readonly submit: (seen: number) => Promise<boolean>;
}

/** Looks what a change of keys does, and makes it unless a key changes meanwhile: then it looks again. */
function changeAsLookedAt(
  request: HttpRequest,
  keys: PastKeys,
  look: (registry: Registry) => LookedAt,
): ReturnType<DatacenterEndpoint> {
  const cas = parseCount(request.query, "cas");
  const isDryRun = request.query.has("dry_run");
  return async ({ store }) => {
    await store.freshen("leader");
    const { registry } = request.caller;
    for (let looks = 0; looks < looksMax; looks++) {
      const seen = lastChangeOf(registry, keys);
      if (cas !== undefined && seen > cas) throw changedSince(keys, cas, seen);
      const { told, changes, submit } = look(registry);
      const isDone = !isDryRun && (await submit(seen).catch(explainRefusal));
      if (isDryRun || isDone) return json(request, { ...told, Seen: seen, Done: isDone, Changes: changes });
    }
    throw new HttpError(
      409,
      `the keys changed ${looksMax} times while they were compared; nothing was changed. Try again.`,
    );
  };
}

function explainRefusal(error: unknown): never {
  if (error instanceof OperatingError && error.code === "past-not-kept") throw new HttpError(410, error.message);
  if (error instanceof OperatingError && error.code === "nothing-pushed") throw new HttpError(409, error.message);
  throw error;
}

function nothingPushed(key: string): HttpError {
  const text = `no value of the key ${JSON.stringify(key)} that a service has pushed is kept; nothing was changed`;
  return new HttpError(409, `${text}. Write the value, or roll the key back to one of its kept versions.`);
}

interface Compared {
  readonly keys: PastKeys;
  readonly from: number;
  readonly to: number;
}

function differences({ past }: KvHistoryParts, registry: Registry, { keys, from, to }: Compared): readonly object[] {
  const found = past.differences(registry, keys, { from, to });
  if ("oldest" in found) throw notKept(Math.min(from, to), found.oldest);
  return found.differences.map(encodeKvDifference);
}

const indexHeader = "X-Praetor-Index";

function notKept(index: number, oldest: number): HttpError {
  const text = `the state at index ${index} is no longer kept; the oldest index that is: ${oldest}`;
  return new HttpError(410, text, { "X-Praetor-Oldest-Index": String(oldest) });
}

function changedSince({ key, recurse }: PastKeys, cas: number, seen: number): HttpError {
  const what = recurse ? `a key below ${JSON.stringify(key)}` : `the key ${JSON.stringify(key)}`;
  return new HttpError(409, `${what} changed at index ${seen}, after cas=${cas}; nothing was changed. Look again.`);
}

function keysOf(request: HttpRequest): PastKeys {
  const recurse = request.query.has("recurse");
  const key = request.rest;
  if (recurse) demandKeyList(request, key);
  else {
    requireKey(key);
    demand(request, "key", "read", key);
  }
  return { key, recurse };
}

function requireKey(key: string): void {
  if (key === "") throw new HttpError(400, "Missing key name");
}

function requireMoment(request: HttpRequest, name: string, clock: Clock): Moment {
  const moment = momentOf(request, name, clock);
  if (!moment) throw new HttpError(400, `Bad request: ${name} is missing: ${moments}`);
  return moment;
}

/** Parses an index, a time in the format of RFC 3339, or an age such as "2h" or "3d". */
function momentOf({ query }: HttpRequest, name: string, clock: Clock): Moment | undefined {
  const text = query.get(name) ?? "";
  if (text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return { index: Number(text) };
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : clock.wallMs() - ageOf(text);
  if (Number.isFinite(atMs)) return { atMs };
  const said = JSON.stringify(text);
  throw new HttpError(400, `Bad request: ${name} is ${moments}, not ${said}`);
}

const moments = "an index, a time like 2026-01-31T12:00:00Z, or an age like 2h";

/** Returns an age in milliseconds; NaN for a text that is none. */
function ageOf(text: string): number {
  try {
    const ageMs = parseDurationWithDays(text);
    return ageMs >= 0 ? ageMs : NaN;
  } catch {
    return NaN;
  }
}
