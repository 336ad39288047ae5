import { lstat, mkdtemp, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CommandFailure } from "./command-failure.ts";
import { fileFailure } from "../lib/file-failure.ts";

export interface WholeFileOptions {
  /** How errors call the file: "snapshot file". */
  readonly what: string;
  /** Verifies the new file before it replaces the old one; throws to keep the old one. */
  readonly verify: (path: string) => Promise<void>;
}

/**
 * Writes a file atomically, also under a power cut: writes it into a temporary folder beside it, syncs it and renames it. Only
 * its owner may read it.
 * @throws CommandFailure if it cannot be written; what `verify` and `blocks` throw
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
    await attempt(what, () => sync(dirname(path)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Refuses folders and devices: a rename would replace /dev/null by a file. */
async function refuseSpecialFiles(path: string, what: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || found.isFile() || found.isSymbolicLink()) return;
  const kind = found.isDirectory() ? "is a directory" : "is not a regular file";
  throw new CommandFailure(`Error writing ${what}: ${path} ${kind}`);
}

async function writeSynced(path: string, blocks: AsyncIterable<Uint8Array>, what: string): Promise<void> {
  await using file = await attempt(what, () => open(path, "wx", 0o600));
  for await (const block of blocks) await attempt(what, () => file.writeFile(block));
  await attempt(what, () => file.sync());
}

async function sync(folder: string): Promise<void> {
  await using handle = await open(folder);
  await handle.sync();
}

async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new CommandFailure(`Error writing ${what}: ${fileFailure(error)}`);
  }
}
