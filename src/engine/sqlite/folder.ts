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

/** Makes the folder, readable by its owner only, unless it is there; what is there keeps its mode. */
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
 * Puts a file with this content in place, whole or not at all, unless a file is there. The link fails where the file
 * exists, so of two agents that start in one new folder neither can replace the other's file. The file and its name, and
 * those of the folders that it is in, outlive a power cut.
 */
export function ensureFile(file: string, content: () => Uint8Array): void {
  if (existsSync(file)) return;
  const folder = dirname(file);
  try {
    const scratch = mkdtempSync(join(folder, ".new-"));
    try {
      writeDurably(join(scratch, "file"), content());
      // Before the file is there: of a start that is killed here the next one would not know that this is not done.
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
 * Makes what a killed program wrote to the file outlive a power cut, as it is read already: a kill loses nothing that the
 * system has taken, and the system may not have brought it to the disk.
 */
export function syncLeftover(file: string): void {
  if (!existsSync(file)) return;
  syncOpened(file);
  syncFolder(dirname(file));
}

/** All of them: who made which, and whether it lived long enough to sync them, is not known. */
function syncFoldersAbove(folder: string): void {
  for (let at = resolve(folder); at !== dirname(at); at = dirname(at)) {
    try {
      syncFolder(dirname(at));
    } catch (error) {
      // May be passed and not read by this user, who then has not made what is in it.
      if (codeOf(error) !== "EACCES" && codeOf(error) !== "EPERM") throw error;
    }
  }
}

/** Makes the names in the folder outlive a power cut. */
function syncFolder(folder: string): void {
  try {
    syncOpened(folder);
  } catch (error) {
    // FAT and some network file systems cannot sync a folder; they write names through.
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
