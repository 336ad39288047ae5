import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { messageOf, OperatingError } from "../../lib/errors.ts";

/**
 * Creates the folder, and missing parents, with mode 0700. An existing folder keeps its mode.
 * @throws OperatingError when the folder cannot be created, read or written
 */
export function ensureFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!statSync(folder).isDirectory()) throw new Error("it is not a folder");
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(folder, error);
  }
}

/**
 * Creates the file atomically with this content, unless it exists. A hard link fails when the file exists, so when two
 * agents start in one new folder, neither replaces the other's file. Syncs the file, its directory entry and those of
 * the folders above it.
 */
export function ensureFile(file: string, content: () => Uint8Array): void {
  if (existsSync(file)) return;
  const folder = dirname(file);
  try {
    const scratch = mkdtempSync(join(folder, ".new-"));
    try {
      writeDurably(join(scratch, "file"), content());
      // Must precede the link: once the file exists, the next start skips this sync.
      syncFoldersAbove(folder);
      linkUnlessThere(join(scratch, "file"), file);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
    syncFolder(folder);
  } catch (error) {
    throw unusable(folder, error);
  }
}

function writeDurably(file: string, content: Uint8Array): void {
  const handle = openSync(file, "wx", 0o600);
  try {
    writeFileSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function linkUnlessThere(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    // FAT and some network file systems have no hard links.
    if (!existsSync(to)) renameSync(from, to);
  }
}

/**
 * Syncs a file that a killed agent may have left. The kernel keeps what the agent wrote, but may not have written it to
 * the disk yet. The starting agent serves these rows, so they must first be durable.
 */
export function syncLeftover(file: string): void {
  if (!existsSync(file)) return;
  syncOpened(file);
  syncFolder(dirname(file));
}

/** Syncs every parent folder, as an earlier start may have created some and been killed before it synced them. */
function syncFoldersAbove(folder: string): void {
  for (let at = resolve(folder); at !== dirname(at); at = dirname(at)) {
    try {
      syncFolder(dirname(at));
    } catch (error) {
      // This user may traverse the folder but not read it, so an earlier start has created no entry in it.
      if (codeOf(error) !== "EACCES" && codeOf(error) !== "EPERM") throw error;
    }
  }
}

/** Makes the folder's entries durable. */
function syncFolder(folder: string): void {
  try {
    syncOpened(folder);
  } catch (error) {
    // FAT and some network file systems cannot sync a folder, and write its entries to the disk at once.
    if (codeOf(error) !== "EINVAL") throw error;
  }
}

function syncOpened(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}

function unusable(folder: string, error: unknown): OperatingError {
  return new OperatingError(
    "unavailable",
    "data-folder-unusable",
    `cannot use the data folder ${folder}: ${messageOf(error)}. ` +
      "Give a folder that this user may create or write in, on a file system that is not read-only and not full.",
    { cause: error },
  );
}
