import { OperatingError } from "../lib/errors.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { decodeKvEntries } from "../wire/kv-entry.ts";
import { type HttpAnswer, jsonOf } from "./http.ts";
import { keyPath } from "./key-value.ts";
import { checksShape, nodesShape, serviceShape } from "./watch-shapes.ts";

/** The plan of a watch: the request that the watch repeats, and `read`, which returns the handler's content from an answer. */
export interface WatchPlan {
  readonly type: WatchType;
  /** The request's path and query string, without index and wait. */
  readonly path: string;
  readonly read: (answer: HttpAnswer) => unknown;
}

export type WatchType = keyof typeof plans;

/** The parameters of a watch by name: "key", "service", "tag", ... The value of "tag" can be a list. */
export type WatchParameters = Readonly<Record<string, unknown>>;

/**
 * Returns the plan for a watch's type and parameters.
 * @throws OperatingError invalid, with Consul's text
 */
export function planWatch(type: string, parameters: WatchParameters): WatchPlan {
  if (!isWatchType(type)) throw invalid(`Unsupported watch type: ${type}`);
  const given = new Parameters(parameters);
  const { path, read } = plans[type](given);
  given.requireAllRead();
  return { type, path, read };
}

function isWatchType(type: string): type is WatchType {
  return Object.hasOwn(plans, type);
}

type Planned = Pick<WatchPlan, "path" | "read">;

const plans = {
  key(given: Parameters): Planned {
    const key = given.text("key");
    if (key === "") throw invalid("Must specify a single key to watch");
    return { path: withQuery(keyPath(key), given.stale()), read: (answer) => pairsOf(answer)?.[0] ?? null };
  },
  keyprefix(given: Parameters): Planned {
    const prefix = given.text("prefix");
    if (prefix === "") throw invalid("Must specify a single prefix to watch");
    const query = [["recurse", ""] as const, ...given.stale()];
    return { path: withQuery(keyPath(prefix), query), read: (answer) => pairsOf(answer) ?? null };
  },
  services(given: Parameters): Planned {
    return { path: withQuery("/v1/catalog/services", given.stale()), read: jsonOf };
  },
  nodes(given: Parameters): Planned {
    return { path: withQuery("/v1/catalog/nodes", given.stale()), read: (answer) => nodesShape(jsonOf(answer)) };
  },
  service(given: Parameters): Planned {
    const name = given.text("service");
    if (name === "") throw invalid("Must specify a single service to watch");
    const tags = given.texts("tag").map((tag) => ["tag", tag] as const);
    const query = [...tags, ...(given.bool("passingonly") ? [["passing", "1"] as const] : []), ...given.stale()];
    const path = withQuery(`/v1/health/service/${encodeURIComponent(name)}`, query);
    return { path, read: (answer) => serviceShape(jsonOf(answer)) };
  },
  checks(given: Parameters): Planned {
    const [service, state] = [given.text("service"), given.text("state")];
    if (service !== "" && state !== "") throw invalid("Cannot specify service and state");
    const of = service === "" ? `state/${encodeURIComponent(state || "any")}` : `checks/${encodeURIComponent(service)}`;
    const path = withQuery(`/v1/health/${of}`, given.stale());
    return { path, read: (answer) => checksShape(jsonOf(answer)) };
  },
  event(given: Parameters): Planned {
    const name = given.text("name");
    return { path: withQuery("/v1/event/list", name === "" ? [] : [["name", name]]), read: jsonOf };
  },
};

type QueryPairs = readonly (readonly [name: string, value: string])[];

function withQuery(path: string, query: QueryPairs): string {
  const pairs = query.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
}

/** Returns the decoded keys of an answer; undefined if no key exists. */
function pairsOf(answer: HttpAnswer): readonly object[] | undefined {
  return answer.status === 404 ? undefined : decodeKvEntries(answer.body).map(pairShape);
}

function pairShape(entry: KvEntry): object {
  return {
    Key: entry.key,
    CreateIndex: entry.createIndex,
    ModifyIndex: entry.modifyIndex,
    LockIndex: entry.lockIndex,
    Flags: entry.flags,
    Value: entry.value.length === 0 ? null : entry.value.toBase64(),
    Session: entry.session,
  };
}

/** Holds the parameters of a watch and removes each that is read, so that unknown ones remain. */
class Parameters {
  readonly #given: Map<string, unknown>;

  constructor(given: WatchParameters) {
    this.#given = new Map(Object.entries(given).filter(([, value]) => value !== undefined));
  }

  text(name: string): string {
    const value = this.#take(name) ?? "";
    if (typeof value !== "string") throw invalid(`Expecting ${name} to be a string`);
    return value;
  }

  texts(name: string): readonly string[] {
    const value = this.#take(name) ?? [];
    const texts: unknown[] = Array.isArray(value) ? value : [value];
    return texts.map((each) => {
      if (typeof each !== "string") throw invalid(`Expecting ${name} to be a string or []string`);
      return each;
    });
  }

  bool(name: string): boolean {
    const value = this.#take(name) ?? false;
    if (typeof value !== "boolean") throw invalid(`Expecting ${name} to be a boolean`);
    return value;
  }

  stale(): QueryPairs {
    return this.bool("stale") ? [["stale", ""]] : [];
  }

  requireAllRead(): void {
    if (this.#given.size > 0) throw invalid(`Invalid parameters: [${[...this.#given.keys()].toSorted().join(" ")}]`);
  }

  #take(name: string): unknown {
    const value = this.#given.get(name);
    this.#given.delete(name);
    return value;
  }
}

function invalid(what: string): OperatingError {
  return new OperatingError("invalid", "invalid-watch", what);
}
