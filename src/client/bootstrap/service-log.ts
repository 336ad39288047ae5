import type { Clock } from "../../lib/clock.ts";
import { createLog, logLevelNames, type LogSettings } from "../../lib/log.ts";

/** Where a service says what it does; `console` is one. */
export interface ServiceLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface LevelledLog {
  readonly log: ServiceLog;
  /** Follows Writable/LogLevel; of no effect on a log that the service has given. */
  readonly setLevel: (writable: object | undefined) => void;
}

/** Lines on standard output, as EdgeX's services write them, from the level on that Writable/LogLevel names. */
export function createServiceLog(serviceKey: string, clock: Clock): LevelledLog {
  const sink = (line: string): void => void process.stdout.write(`${line}\n`);
  const settings: LogSettings = { level: "info", json: false, clock, sink };
  return {
    log: createLog(settings, serviceKey),
    setLevel(writable) {
      const named = writable !== undefined && "LogLevel" in writable ? writable.LogLevel : undefined;
      settings.level = logLevelNames.get(String(named).toUpperCase()) ?? settings.level;
    },
  };
}
