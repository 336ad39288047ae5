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
  /** A log whose lines carry `parent.name`. */
  named(name: string): Log;
  /** From now on `tap` is given the lines of all logs of this process, too. Returns what ends that. */
  tap(tap: LogTap): () => void;
}

/** Somebody who looks on, with a level and a form of their own. */
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
 * a line with `@level`, `@message`, `@module`, `@timestamp`. Programs that read Consul's log read ours.
 */
export function createLog(settings: LogSettings, name: string): Log {
  return createNamedLog(settings, name, new Set());
}

function createNamedLog(settings: LogSettings, name: string, taps: Set<LogTap>): Log {
  const write = (level: LogLevel, message: string, fields: LogFields | undefined): void => {
    for (const to of [settings, ...taps]) {
      if (logLevels.indexOf(level) < logLevels.indexOf(to.level)) continue;
      const line = { timestamp: new Date(settings.clock.wallMs()).toISOString(), name, message, fields };
      to.sink(to.json ? formatJson(level, line) : formatText(level, line));
    }
  };
  return {
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

interface Line {
  readonly timestamp: string;
  readonly name: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

function formatJson(level: LogLevel, line: Line): string {
  return JSON.stringify({
    "@level": level,
    "@message": line.message,
    "@module": line.name,
    "@timestamp": line.timestamp,
    ...line.fields,
  });
}

function formatText(level: LogLevel, line: Line): string {
  const tag = `[${level.toUpperCase()}]`.padEnd(7);
  const pairs = Object.entries(line.fields ?? {})
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${quoteIfNeeded(String(value))}`);
  const tail = pairs.length === 0 ? "" : `: ${pairs.join(" ")}`;
  return `${line.timestamp} ${tag} ${line.name}: ${line.message}${tail}`;
}

function quoteIfNeeded(text: string): string {
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
