import { lstat, mkdir, readdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileFailure } from "../../lib/file-failure.ts";
import { OperatingError } from "../../lib/errors.ts";
import { CommandFailure } from "../command-failure.ts";
import { decodeTree, manifestName, ownFiles, ownFolders, type Tree } from "./export-tree.ts";
import type { Found } from "./inventory.ts";

/** Name of a file that exists while an export is written, and so marks the folder as incomplete. */
const unfinishedName = "praetor-export.unfinished";

export interface WrittenExport {
  readonly written: number;
  readonly removed: number;
  readonly unchanged: number;
}

/**
 * Writes an export into a folder. Writes only files whose content differs, removes only files of an earlier export, and keeps all
 * other files. Only the owner can read the written files.
 * @throws CommandFailure if a file cannot be written, or the folder holds something other than an export
 */
export async function writeExport(folder: string, tree: Tree): Promise<WrittenExport> {
  return attempt("writing", async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await refuseOthers(folder);
    await writeFile(join(folder, unfinishedName), "", { mode: 0o600 });
    const present = await filesIn(folder);
    const gone = [...present].filter((path) => !tree.has(path));
    for (const path of gone) await remove(folder, path);
    let written = 0;
    for (const [path, bytes] of tree) written += (await writeIfDifferent(join(folder, path), bytes)) ? 1 : 0;
    await rm(join(folder, unfinishedName));
    return { written, removed: gone.length, unchanged: tree.size - written };
  });
}

/**
 * Reads the export in a folder.
 * @throws CommandFailure if the folder has no complete export
 */
export async function readExport(folder: string): Promise<Found> {
  return attempt("reading", async () => {
    const names = await readdir(folder);
    if (names.includes(unfinishedName))
      throw new CommandFailure(
        `The export in ${folder} was interrupted, and is not whole: run praetor export ${folder} again.`,
      );
    if (!names.includes(manifestName))
      throw new CommandFailure(`${folder} is not an export: it has no ${manifestName}.`);
    const tree = new Map<string, Uint8Array>();
    for (const path of await filesIn(folder)) tree.set(path, await Bun.file(join(folder, path)).bytes());
    const inventory = decodeTree(tree);
    return { where: `the export in ${folder}`, inventory, vagueChecks: new Set(), remarks: [], checkRemarks: [] };
  });
}

async function refuseOthers(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.length === 0 || names.includes(manifestName) || names.includes(unfinishedName)) return;
  // A git repository may be created before the first export.
  if (names.every((name) => name === ".git")) return;
  throw new CommandFailure(
    `${folder} is not empty, and is not an export (it has no ${manifestName}): name another folder.`,
  );
}

/** Returns the paths of the export's files, relative to its folder. */
async function filesIn(folder: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const isOwn = entry.isDirectory() ? ownFolders.includes(entry.name) : ownFiles.includes(entry.name);
    if (ownFolders.includes(entry.name) && !entry.isDirectory())
      throw new CommandFailure(`${join(folder, entry.name)} is not a folder: nothing is done.`);
    if (isOwn && entry.isDirectory()) await addFiles(folder, entry.name, found);
    else if (isOwn) found.add(entry.name);
  }
  return found;
}

/** Adds the files below `path` to `found`, except git's files such as .gitkeep: pathOfKey never returns those names. */
async function addFiles(root: string, path: string, found: Set<string>): Promise<void> {
  for (const entry of await readdir(join(root, path), { withFileTypes: true })) {
    const inner = `${path}/${entry.name}`;
    if (entry.isDirectory()) await addFiles(root, inner, found);
    else if (!entry.isFile())
      throw new CommandFailure(`${join(root, inner)} is neither a file nor a folder: nothing is done.`);
    else if (!entry.name.startsWith(".git")) found.add(inner);
  }
}

/** Removes a file, and folders that become empty. */
async function remove(folder: string, path: string): Promise<void> {
  await rm(join(folder, path));
  for (let parent = dirname(path); parent !== "."; parent = dirname(parent))
    if (
      !(await rmdir(join(folder, parent)).then(
        () => true,
        () => false,
      ))
    )
      return;
}

/** Writes a file unless it has this content; returns whether it was written. */
async function writeIfDifferent(path: string, bytes: Uint8Array): Promise<boolean> {
  const present = await lstat(path).catch(() => undefined);
  if (present?.isFile() && present.size === bytes.length && (await readFile(path)).equals(bytes)) return false;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, bytes, { mode: 0o600 });
  return true;
}

async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof CommandFailure || error instanceof OperatingError) throw error;
    throw new CommandFailure(`Error ${what} the export: ${fileFailure(error)}`);
  }
}
