import type { Clock } from "../../lib/clock.ts";
import type { Log, LogFields } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";

/** The levels at which etcd's lines are written. */
export type LineLog = Pick<Log, "debug" | "info" | "warn" | "error">;

/** Maximum length of a text of etcd in our log, in UTF-16 code units. */
const textMax = 200;
const fieldsMax = 6;
/** Fields that say nothing here, or that quote keys of the store. */
const omitted = new Set(["level", "ts", "caller", "msg", "stacktrace", "request", "response", "prefix"]);

/**
 * Writes the lines of etcd's log into this agent's, at levels of its own: etcd writes dozens of lines of level "info" at each start,
 * and warns of each connection that a member makes or ends.
 */
export class EtcdLog {
  readonly #log: LineLog;
  readonly #throttle: LogThrottle;
  /** The newest text of an error that ends etcd, or of a crash of the Go runtime. */
  #reason: string | undefined;
  /** The newest line that is not JSON: a text of the Go runtime. */
  #text: string | undefined;

  constructor(log: LineLog, clock: Clock) {
    this.#log = log;
    this.#throttle = new LogThrottle(clock);
  }

  /** Writes a line of etcd, which is JSON, or text of the Go runtime. Lines above "debug" are written once a minute. */
  add(line: string): void {
    const entry = parse(line);
    const text = cut(entry ? String(entry["msg"]) : line);
    const level = entry ? levelOf(entry["level"]) : "info";
    if (level === "error") this.#reason = withError(text, entry?.["error"]);
    else if (isCrash.test(line)) this.#reason = text;
    else if (!entry && line !== "") this.#text = text;
    // Text that is not JSON may be long, such as the stacks of all goroutines, so its lines share one entry of the throttle.
    if (level === "debug" || this.#throttle.isNew(entry ? text : ""))
      this.#log[level](`etcd: ${text}`, fieldsOf(entry));
  }

  /** Returns why etcd has ended, as far as its log says it; undefined if it does not. */
  takeReason(): string | undefined {
    const reason = this.#reason ?? this.#text;
    this.#reason = undefined;
    this.#text = undefined;
    return reason;
  }
}

/** The first line of a crash of the Go runtime. */
const isCrash = /^(?:panic|fatal error): /;

type Entry = Readonly<Record<string, unknown>>;

function parse(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null || !("msg" in value)) return undefined;
    return { ...value };
  } catch {
    return undefined;
  }
}

function levelOf(level: unknown): keyof LineLog {
  if (level === "debug" || level === "info") return "debug";
  if (level === "warn") return "info";
  return level === "error" ? "warn" : "error";
}

function withError(text: string, error: unknown): string {
  return typeof error === "string" ? `${text}: ${cut(error)}` : text;
}

function fieldsOf(entry: Entry = {}): LogFields {
  const fields: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(entry)) {
    if (omitted.has(name) || Object.keys(fields).length === fieldsMax) continue;
    if (typeof value === "string") fields[name] = cut(value);
    else if (typeof value === "number" || typeof value === "boolean") fields[name] = value;
  }
  return fields;
}

function cut(text: string): string {
  return text.length <= textMax ? text : `${text.slice(0, textMax)}...`;
}
