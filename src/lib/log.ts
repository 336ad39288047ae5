import type { Clock } from "./clock.ts";

export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Each name that Consul has for a level. */
export const logLevelNames: ReadonlyMap<string, LogLevel> = new Map<string, LogLevel>([
  ["TRACE", "trace"],
  ["DEBUG", "debug"],
  ["INFO", "info"],
  ["WARN", "warn"],
  ["ERR", "error"],
  ["ERROR", "error"],
]);

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Takes finished lines, without the newline. */
export type LogSink = (line: string) => void;

export interface Log {
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether a line of this level is written anywhere: what is costly to say is worked out only then. */
  writes(level: LogLevel): boolean;
  /** A log whose lines carry `parent.name`. */
  named(name: string): Log;
  /** Gives `tap` the lines of all logs of this process, too. Returns what ends that. */
  tap(tap: LogTap): () => void;
}

/** A log subscriber (`agent/monitor`) with its own level and format. */
export interface LogTap {
  readonly level: LogLevel;
  readonly json: boolean;
  readonly sink: LogSink;
}

/** What all logs of one process share; a reload changes `level` in place. */
export interface LogSettings {
  level: LogLevel;
  readonly json: boolean;
  readonly sink: LogSink;
  readonly clock: Clock;
}

/**
 * Consul's log layout (hclog): `2026-11-22T12:33:41.766Z [WARN]  agent: message: key=value`, or with `json` one object
 * a line with `@level`, `@message`, `@module`, `@timestamp`. Programs that read Consul's log read ours. Times are local
 * ones with their offset (`+0100`), by the environment variable TZ or the machine's /etc/localtime.
 */
export function createLog(settings: LogSettings, name: string): Log {
  return createNamedLog(settings, name, new Set());
}

function createNamedLog(settings: LogSettings, name: string, taps: Set<LogTap>): Log {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    for (const to of [settings, ...taps]) {
      if (!takes(to, level)) continue;
      const line = { wallMs: settings.clock.wallMs(), name, message, fields };
      to.sink(to.json ? formatJson(level, line) : formatText(level, line));
    }
  };
  return {
    writes(level) {
      if (takes(settings, level)) return true;
      if (taps.size > 0) for (const tap of taps) if (takes(tap, level)) return true;
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
  };
}

function takes(to: Pick<LogTap, "level">, level: LogLevel): boolean {
  return ranks[level] >= ranks[to.level];
}

/** Looked up, since each request asks what is written. */
const ranks: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 };

interface Line {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
  readonly name: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

function formatJson(level: LogLevel, line: Line): string {
  return JSON.stringify({
    "@level": level,
    "@message": line.message,
    "@module": line.name,
    // Consul: to the microsecond.
    "@timestamp": formatTime(line.wallMs, { digits: "000", colon: ":" }),
    ...line.fields,
  });
}

function formatText(level: LogLevel, line: Line): string {
  const tag = `[${level.toUpperCase()}]`.padEnd(7);
  const pairs = Object.entries(line.fields ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quoteIfNeeded(String(value))}`);
  const tail = pairs.length === 0 ? "" : `: ${pairs.join(" ")}`;
  return `${formatTime(line.wallMs, { digits: "", colon: "" })} ${tag} ${line.name}: ${line.message}${tail}`;
}

/** As Go writes local time: `2026-11-22T13:33:41.766+0100`, with Z for UTC. */
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

/** Consul quotes a value for its blanks alone: a URL with a query stands as it is. */
function quoteIfNeeded(text: string): string {
  return /[\s"]/.test(text) ? JSON.stringify(text) : text;
}
