import { SQLiteError } from "bun:sqlite";
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { messageOf, OperatingError } from "../../lib/errors.ts";

/**
 * Returns advice for an operator on how to recover from a damaged store, which Praetor never repairs or deletes. A snapshot
 * cannot replace the file, because only a running agent can restore a snapshot.
 */
const restoreAdvice = (file: string): string =>
  `Nothing was repaired or deleted. To go on, move ${file} away, and ${file}-wal and ${file}-shm with it if they are ` +
  "there, and start the agent: it begins without data. Then bring a backup back with 'praetor snapshot restore FILE', " +
  "or an export with 'praetor import DIR'. A copy of the data folder is put back as a whole while the agent is stopped.";

export function storeDamaged(file: string, what: string): OperatingError {
  return new OperatingError("unavailable", "data-damaged", `${file} is damaged: ${what}. ${restoreAdvice(file)}`);
}

export function storeForeign(file: string): OperatingError {
  return new OperatingError(
    "unavailable",
    "data-foreign",
    `${file} is not a store of Praetor: it is another program's SQLite file, or its first page is damaged. ` +
      restoreAdvice(file),
  );
}

export function storeNewer(file: string, version: { found: number; known: number }): OperatingError {
  return new OperatingError(
    "unavailable",
    "data-newer",
    `${file} was written by a newer Praetor: its schema is version ${version.found}, this program knows up to ` +
      `${version.known}. Run the newer program, or restore a backup made by this one. Nothing was changed.`,
  );
}

/** Converts any error that SQLite or the file system threw to an OperatingError. `detail` is appended to the reason. */
export function failureOfStore(file: string, error: unknown, detail?: string): OperatingError {
  if (error instanceof OperatingError) return error;
  const code = error instanceof SQLiteError ? (error.code ?? "") : "";
  const reason = detail === undefined ? messageOf(error) : `${messageOf(error)}, ${detail}`;
  if (code.startsWith("SQLITE_CORRUPT")) return storeDamaged(file, reason);
  if (code.startsWith("SQLITE_NOTADB")) return storeDamaged(file, "it is not an SQLite file");
  if (code.startsWith("SQLITE_BUSY")) return storeLocked(file);
  if (code.startsWith("SQLITE_FULL")) return diskFull(file, error);
  return new OperatingError(
    "unavailable",
    "disk-error",
    `cannot use ${file}: ${reason}${code === "" ? "" : ` (${code})`}. ` +
      "Check that the disk is healthy and not mounted read-only and that the agent's user may write the file.",
    { cause: error },
  );
}

export function storeLocked(file: string): OperatingError {
  const pid = holderOfLock(file);
  const holder = pid === undefined ? "another agent" : `another agent (process ${pid})`;
  return new OperatingError(
    "conflict",
    "data-locked",
    `${file} is in use by ${holder}. Stop that one first, or give this agent a data folder of its own.`,
  );
}

function diskFull(file: string, cause: unknown): OperatingError {
  return new OperatingError(
    "unavailable",
    "disk-full",
    `the disk that holds ${dirname(file)} is full: the write was refused and nothing of it is kept. ` +
      "Free some space; the agent keeps serving and takes writes again as soon as there is room.",
    { cause },
  );
}

/**
 * Returns the id of the process that holds a lock on the file, from /proc/locks. Undefined on systems other than Linux, or
 * if the process is in another container.
 */
export function holderOfLock(file: string): number | undefined {
  try {
    const { ino } = statSync(file);
    for (const line of readFileSync("/proc/locks", "utf8").split("\n")) {
      const [, kind, , access, pid, inode] = line.split(/\s+/);
      if (kind === "POSIX" && access === "WRITE" && inode?.endsWith(`:${ino}`) && Number(pid) > 0) return Number(pid);
    }
  } catch {
    // Without /proc the error message names no process.
  }
  return undefined;
}
