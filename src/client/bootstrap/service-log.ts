import type { Clock } from "../../lib/clock.ts";
import { createLog, logLevelNames, type LogSettings } from "../../lib/log.ts";

/** The log of a service. JavaScript's `console` can be used as one. */
export interface ServiceLog {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface LevelledLog {
  readonly log: ServiceLog;
  /** Sets the level from Writable/LogLevel; does nothing for a log that the service passed in. */
  readonly setLevel: (writable: object | undefined) => void;
}

/**
 * Returns a log that writes to standard output in the format of EdgeX's services. It drops lines below the level
 * Writable/LogLevel.
 */
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
