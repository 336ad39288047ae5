import { appendFileSync, readdirSync, renameSync, statSync, unlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "./clock.ts";
import { messageOf, OperatingError } from "./errors.ts";
import type { LogSink } from "./log.ts";

export interface LogFileOptions {
  readonly path: string;
  /** Size in bytes at which the file is rotated, unless it reaches the age limit first; 0 means no limit of size. */
  readonly rotateBytes: number;
  readonly rotateAfterMs: number;
  /** Number of rotated files to keep; 0 keeps all, -1 none. */
  readonly rotatedFilesMax: number;
  readonly clock: Clock;
}

/** Permissions of a new log file. Consul: only the owner can write it, and the group can read it. */
const mode = 0o640;

/**
 * Returns a sink that appends lines to the file and rotates the file at the limits: it renames the file to its name, a dot and
 * the time. The sink drops a line that it cannot write, because a full disk must not stop the agent.
 * @throws OperatingError unavailable when this call cannot write to the file
 */
export function openLogFile(options: LogFileOptions): LogSink {
  const { path, clock } = options;
  touch(path);
  let bytes = sizeOf(path);
  let openedMs = clock.monotonicMs();
  return (line) => {
    try {
      const full = options.rotateBytes > 0 && bytes >= options.rotateBytes;
      if (bytes > 0 && (full || clock.monotonicMs() - openedMs >= options.rotateAfterMs)) {
        rotate(options);
        bytes = 0;
        openedMs = clock.monotonicMs();
      }
      appendFileSync(path, `${line}\n`, { mode });
      bytes += Buffer.byteLength(line) + 1;
    } catch {
      // A failed log write cannot be logged.
    }
  };
}

function touch(path: string): void {
  try {
    appendFileSync(path, "", { mode });
  } catch (cause) {
    const message = `cannot write the log file ${path}: ${messageOf(cause)}. Choose another with -log-file.`;
    throw new OperatingError("unavailable", "log-file", message, { cause });
  }
}

function rotate({ path, clock, rotatedFilesMax }: LogFileOptions): void {
  renameSync(path, `${path}.${clock.wallMs()}`);
  if (rotatedFilesMax === 0) return;
  const old = listRotated(path);
  const kept = Math.max(rotatedFilesMax, 0);
  for (const name of old.slice(0, Math.max(old.length - kept, 0))) unlinkSync(join(dirname(path), name));
}

/** Returns the rotated files, oldest first. Compares their times as numbers, since a time near 1970 has fewer digits. */
function listRotated(path: string): string[] {
  const prefix = `${basename(path)}.`;
  const timeOf = (name: string): number => Number(name.slice(prefix.length));
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .toSorted((a, b) => timeOf(a) - timeOf(b));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
