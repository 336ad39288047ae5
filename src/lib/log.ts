import type { Clock } from "./clock.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** The log levels by Consul's names. */
export const logLevelNames: ReadonlyMap<string, LogLevel> = new Map<string, LogLevel>([
  ["TRACE", "trace"],
  ["DEBUG", "debug"],
  ["INFO", "info"],
  ["WARN", "warn"],
  ["ERR", "error"],
  ["ERROR", "error"],
]);

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Receives formatted lines, without the newline. */
export type LogSink = (line: string) => void;

export interface Log {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Returns whether any output takes lines of this level. If not, the caller need not build an expensive message. */
  writes(level: LogLevel): boolean;
  /** Returns a log whose lines have this log's name, a dot and `name` as their name: "agent.http". */
  named(name: string): Log;
  /** Also sends the lines of all logs of this process to `tap`, until the returned function is called. */
  tap(tap: LogTap): () => void;
  /** Returns up to `count` of the newest lines in the history of all logs of this process, oldest first. */
  newest(count: number, form: LogForm): readonly string[];
}

export interface LogForm {
  readonly level: LogLevel;
  readonly json: boolean;
}

/** A subscriber of the log, such as a client of /v1/agent/monitor, with its own level and format. */
export interface LogTap extends LogForm {
  readonly sink: LogSink;
}

/** The settings that all logs of one process share; a reload changes `level` in place. */
export interface LogSettings {
  level: LogLevel;
  readonly json: boolean;
  readonly sink: LogSink;
  readonly clock: Clock;
  /** Keeps the newest lines of level `info` and above or, if `level` is lower than `info`, of that level and above. */
  readonly history?: LogHistory;
}

/**
 * Creates a log with Consul's layout (hclog): `2026-11-22T12:33:41.766Z [WARN]  agent: message: key=value`. With `json`, each
 * line is an object with `@level`, `@message`, `@module` and `@timestamp`. Programs that parse Consul's log can parse it.
 * Times are local with their offset (`+0100`), from the environment variable TZ or /etc/localtime.
 */
export function createLog(settings: LogSettings, name: string): Log {
  return createNamedLog(settings, name, new Set());
}

function createNamedLog(settings: LogSettings, name: string, taps: Set<LogTap>): Log {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    const line = { level, wallMs: settings.clock.wallMs(), name, message, fields };
    if (keeps(settings, level)) settings.history?.add(line);
    for (const to of [settings, ...taps]) if (accepts(to, level)) to.sink(format(line, to));
  };
  return {
    writes(level) {
      if (accepts(settings, level) || keeps(settings, level)) return true;
      if (taps.size > 0) for (const tap of taps) if (accepts(tap, level)) return true;
      return false;
    },
    trace: (message, fields) => write("trace", message, fields),
    debug: (message, fields) => write("debug", message, fields),
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
    named: (child) => createNamedLog(settings, `${name}.${child}`, taps),
    tap(tap) {
      taps.add(tap);
      return () => void taps.delete(tap);
    },
    newest: (count, form) => settings.history?.newest(count, form.level).map((line) => format(line, form)) ?? [],
  };
}

function accepts(to: Pick<LogTap, "level">, level: LogLevel): boolean {
  return ranks[level] >= ranks[to.level];
}

/** The rank of each level. A table is fast, and each request calls `writes`. */
const ranks: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

/** Returns whether the history keeps lines of this level. */
function keeps(settings: LogSettings, level: LogLevel): boolean {
  return settings.history !== undefined && (ranks[level] >= ranks.info || accepts(settings, level));
}

function format(line: LogLine, { json }: Pick<LogForm, "json">): string {
  return json ? formatJson(line) : formatText(line);
}

function formatJson(line: LogLine): string {
  return JSON.stringify({
    "@level": line.level,
    "@message": line.message,
    "@module": line.name,
    // Consul writes microseconds; the clock has milliseconds.
    "@timestamp": formatTime(line.wallMs, { digits: "000", colon: ":" }),
    ...line.fields,
  });
}

function formatText(line: LogLine): string {
  const tag = `[${line.level.toUpperCase()}]`.padEnd(7);
  const pairs = Object.entries(line.fields ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quoteIfNeeded(String(value))}`);
  const tail = pairs.length === 0 ? "" : `: ${pairs.join(" ")}`;
  return `${formatTime(line.wallMs, { digits: "", colon: "" })} ${tag} ${line.name}: ${line.message}${tail}`;
}

/** Formats local time as Go does: `2026-11-22T13:33:41.766+0100`, with Z for UTC. */
function formatTime(wallMs: number, { digits, colon }: { readonly digits: string; readonly colon: string }): string {
  const offset = -new Date(wallMs).getTimezoneOffset();
  const local = new Date(wallMs + offset * 60_000).toISOString().slice(0, -1) + digits;
  if (offset === 0) return `${local}Z`;
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
  return `${local}${offset < 0 ? "-" : "+"}${twoDigits(hours)}${colon}${twoDigits(minutes)}`;
}

function twoDigits(value: number): string {
  return String(Math.trunc(value)).padStart(2, "0");
}

/** Quotes a value with white space or a quotation mark. Consul: other values, such as a URL with a query, are not quoted. */
function quoteIfNeeded(text: string): string {
  return /[\s"]/.test(text) ? JSON.stringify(text) : text;
}

/** A log line before formatting. */
interface LogLine {
  readonly level: LogLevel;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  /** Name of the log that wrote the line: "agent.http". */
  readonly name: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

interface HistoryLimits {
  readonly linesMax: number;
  /** Maximum total length of all lines, in UTF-16 code units. */
  readonly charactersMax: number;
}

const defaultLimits: HistoryLimits = { linesMax: 1_000, charactersMax: 256 * 1_024 };

/** Keeps the newest log lines in memory. */
export class LogHistory {
  readonly #limits: HistoryLimits;
  readonly #lines: LogLine[] = [];
  #characters = 0;

  constructor(limits: HistoryLimits = defaultLimits) {
    this.#limits = limits;
  }

  add(line: LogLine): void {
    const { linesMax, charactersMax } = this.#limits;
    this.#lines.push(line);
    this.#characters += sizeOf(line);
    while (this.#lines.length > linesMax || this.#characters > charactersMax) {
      const oldest = this.#lines.shift();
      if (oldest !== undefined) this.#characters -= sizeOf(oldest);
    }
  }

  /** Returns up to `count` of the newest lines of this level or above, oldest first. */
  newest(count: number, level: LogLevel): readonly LogLine[] {
    if (count === 0) return [];
    return this.#lines.filter((line) => accepts({ level }, line.level)).slice(-count);
  }
}

function sizeOf({ name, message, fields = {} }: LogLine): number {
  let size = name.length + message.length;
  for (const [key, value] of Object.entries(fields)) size += key.length + String(value).length;
  return size;
}
