import { lstat, mkdtemp, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OperatingError } from "./errors.ts";
import { fileFailure } from "./file-failure.ts";

export interface WholeFileOptions {
  /** The file's name in error messages: "snapshot file". */
  readonly what: string;
  /** Verifies the new file before it replaces the old one; throws to keep the old one. */
  readonly verify: (path: string) => Promise<void>;
}

/**
 * Writes a file atomically, even across a power cut: writes it into a temporary folder beside `path`, syncs it and renames it.
 * Only the owner can read the file.
 * @throws OperatingError unavailable if the file cannot be written; the errors of `verify` and `blocks`
 */
export async function writeFileWhole(
  path: string,
  blocks: AsyncIterable<Uint8Array>,
  { what, verify }: WholeFileOptions,
): Promise<void> {
  await refuseSpecialFiles(path, what);
  const folder = await attempt(what, () => mkdtemp(join(dirname(path), `.${basename(path)}-`)));
  try {
    const unverified = join(folder, basename(path));
    await writeSynced(unverified, blocks, what);
    await verify(unverified);
    await attempt(what, () => rename(unverified, path));
    await attempt(what, () => syncFolder(dirname(path)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Throws OperatingError for a folder or device: a rename would replace /dev/null with a file. */
async function refuseSpecialFiles(path: string, what: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isFile() || found.isSymbolicLink()) return;
  const kind = found.isDirectory() ? "is a directory" : "is not a regular file";
  throw unwritable(what, `${path} ${kind}`);
}

async function writeSynced(path: string, blocks: AsyncIterable<Uint8Array>, what: string): Promise<void> {
  await using file = await attempt(what, () => open(path, "wx", 0o600));
  for await (const block of blocks) await attempt(what, () => file.writeFile(block));
  await attempt(what, () => file.sync());
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder);
  await handle.sync();
}

async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw unwritable(what, fileFailure(error), error);
  }
}

function unwritable(what: string, why: string, cause?: unknown): OperatingError {
  return new OperatingError("unavailable", "file-unwritable", `Error writing ${what}: ${why}`, { cause });
}
