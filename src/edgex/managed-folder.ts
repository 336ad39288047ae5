import { chmod, lstat, mkdir, open, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { manifestName } from "../config/files.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { isMissing } from "../lib/file-failure.ts";
import type { DefinitionFile } from "./definitions.ts";
import { earlierImageNames, isOfEarlierImage } from "./earlier-image.ts";

/** A folder and the files that Praetor manages in it. */
export interface ManagedFolder {
  readonly path: string;
  readonly files: readonly ManagedFile[];
  /** The mode of the files, as for chmod. */
  readonly fileMode: number;
}

export type ManagedFile = DefinitionFile | Link;

interface Link {
  readonly name: string;
  readonly linkTo: string;
}

/** Maps the name of each file that an earlier run wrote to the file's hash. */
type Manifest = Readonly<Record<string, string>>;

/** The result of updating a folder: names of files. */
export interface FolderChange {
  /** The removed files: an earlier run or docker-edgex-consul wrote them, and the current settings do not need them. */
  readonly removed: readonly string[];
  /**
   * Files of an earlier run that the current settings do not need but that an operator has changed. They are kept, because the
   * operator must decide whether to delete them.
   */
  readonly keptChanged: readonly string[];
  /** Names of needed files that were not written, because an operator's file has the same name. */
  readonly keptOwn: readonly string[];
}

/**
 * Writes the files into the folder. Replaces files that an earlier run or docker-edgex-consul wrote, and removes those that the
 * current run does not need, except files that an operator has changed; leaves all other files alone. Replaces a file atomically,
 * and does not rewrite a file whose content is the same.
 * @throws OperatingError unavailable
 */
export async function updateFolder(folder: ManagedFolder): Promise<FolderChange> {
  try {
    await mkdir(folder.path, { recursive: true });
    const before = await readManifest(folder.path);
    const wanted = Object.fromEntries(folder.files.map((file) => [file.name, hashOf(file)]));
    const keptOwn = await writeWanted(folder, before);
    const change = await removeStale(folder.path, { before, wanted });
    await replaceFile(join(folder.path, manifestName), { content: `${JSON.stringify(wanted)}\n`, mode: 0o644 });
    return { ...change, keptOwn };
  } catch (cause) {
    const message = `cannot write the definitions to ${folder.path}: ${messageOf(cause)}; PRAETOR_CONFIG_DIR names another folder`;
    throw new OperatingError("unavailable", "definitions-not-written", message, { cause });
  }
}

async function writeWanted(folder: ManagedFolder, before: Manifest): Promise<readonly string[]> {
  const keptOwn: string[] = [];
  for (const file of folder.files) {
    const path = join(folder.path, file.name);
    const found = await readEntry(path);
    if (found?.hash === hashOf(file)) continue;
    if (found !== undefined && !isManaged(file.name, found, before)) keptOwn.push(file.name);
    else if ("linkTo" in file) await replaceLink(path, file.linkTo);
    else await replaceFile(path, { content: file.content, mode: folder.fileMode });
  }
  return keptOwn;
}

async function removeStale(
  path: string,
  { before, wanted }: { readonly before: Manifest; readonly wanted: Manifest },
): Promise<Pick<FolderChange, "removed" | "keptChanged">> {
  const removed: string[] = [];
  const keptChanged: string[] = [];
  for (const name of new Set([...Object.keys(before), ...earlierImageNames])) {
    const found = name in wanted ? undefined : await readEntry(join(path, name));
    if (found === undefined) continue;
    if (isManaged(name, found, before)) {
      await rm(join(path, name));
      removed.push(name);
    } else if (name in before) keptChanged.push(name);
  }
  return { removed, keptChanged };
}

/**
 * Reads the manifest of a folder. Returns an empty manifest if its file is missing or damaged, so that no file of an earlier run
 * is removed.
 */
async function readManifest(path: string): Promise<Manifest> {
  try {
    const json: unknown = JSON.parse((await readIfExists(join(path, manifestName)))?.toString() ?? "{}");
    const entries = typeof json === "object" && json !== null ? Object.entries(json) : [];
    return Object.fromEntries(
      entries.filter(([name]) => !name.includes("/")).map(([name, hash]) => [name, String(hash)]),
    );
  } catch {
    return {};
  }
}

/** A directory entry of the folder: a file, a symbolic link or something else. */
interface Entry {
  readonly hash: string;
  /** The file's content; undefined if the entry is not a regular file. */
  readonly content: Uint8Array | undefined;
}

/** Returns whether an earlier run or docker-edgex-consul wrote the entry and no operator has changed it since. */
function isManaged(name: string, { hash, content }: Entry, before: Manifest): boolean {
  return before[name] === hash || (content !== undefined && isOfEarlierImage(name, content));
}

async function readEntry(path: string): Promise<Entry | undefined> {
  const found = await ifExists(() => lstat(path));
  if (found === undefined) return undefined;
  if (found.isSymbolicLink()) return { hash: hashOf({ name: "", linkTo: await readlink(path) }), content: undefined };
  const content = found.isFile() ? await readIfExists(path) : undefined;
  return { hash: content === undefined ? "" : sha256(content), content };
}

interface Replacement {
  readonly content: string;
  readonly mode: number;
}

/** Writes and syncs a temporary file, then renames it to `path`: a power cut leaves either the old content or the new one. */
async function replaceFile(path: string, { content, mode }: Replacement): Promise<void> {
  if ((await readIfExists(path))?.toString() === content) return;
  const next = `${path}.new`;
  const file = await open(next, "w", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(next, mode); // the umask limits open's mode
  await rename(next, path);
}

async function replaceLink(path: string, linkTo: string): Promise<void> {
  const next = `${path}.new`;
  await rm(next, { force: true });
  await symlink(linkTo, next);
  await rename(next, path);
}

function readIfExists(path: string): Promise<Buffer | undefined> {
  return ifExists(() => readFile(path));
}

async function ifExists<Found>(read: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

function hashOf(file: ManagedFile): string {
  return "linkTo" in file ? `-> ${file.linkTo}` : sha256(file.content);
}

function sha256(content: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}
