import { chmod, lstat, mkdir, open, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { manifestName } from "../config/files.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { DefinitionFile } from "./definitions.ts";
import { earlierImageNames, isOfEarlierImage } from "./earlier-image.ts";

/** A folder whose files of these names are this program's. */
export interface ManagedFolder {
  readonly path: string;
  readonly files: readonly ManagedFile[];
  /** As chmod takes it. */
  readonly fileMode: number;
}

export type ManagedFile = DefinitionFile | Link;

interface Link {
  readonly name: string;
  readonly linkTo: string;
}

/** The hash of each file as it was written, by name. */
type Manifest = Readonly<Record<string, string>>;

/** What changed in a folder. */
export interface FolderChange {
  /** Written by an earlier run, or an earlier image, for settings that are no more. */
  readonly removed: readonly string[];
  /** Written by an earlier run but changed since by somebody: left for them to decide. */
  readonly keptChanged: readonly string[];
  /** Wanted, but somebody's own file has the name: theirs is left. */
  readonly keptOwn: readonly string[];
}

/**
 * Makes a folder hold these files. What an earlier run or docker-edgex-consul wrote is replaced, or removed when this run does not
 * want it, unless somebody has changed it; other files are not touched. A file is replaced as a whole or not at all, and not
 * written when it is the same.
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
    const there = await readEntry(path);
    if (there?.hash === hashOf(file)) continue;
    if (there !== undefined && !isOurs(file.name, there, before)) keptOwn.push(file.name);
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
    const there = name in wanted ? undefined : await readEntry(join(path, name));
    if (there === undefined) continue;
    if (isOurs(name, there, before)) {
      await rm(join(path, name));
      removed.push(name);
    } else if (name in before) keptChanged.push(name);
  }
  return { removed, keptChanged };
}

/** A damaged or foreign manifest claims nothing: then nothing is removed. */
async function readManifest(path: string): Promise<Manifest> {
  try {
    const json: unknown = JSON.parse((await readIfThere(join(path, manifestName)))?.toString() ?? "{}");
    const entries = typeof json === "object" && json !== null ? Object.entries(json) : [];
    return Object.fromEntries(
      entries.filter(([name]) => !name.includes("/")).map(([name, hash]) => [name, String(hash)]),
    );
  } catch {
    return {};
  }
}

/** What has a name in the folder. */
interface Entry {
  readonly hash: string;
  /** undefined for what is no file. */
  readonly content: Uint8Array | undefined;
}

function isOurs(name: string, { hash, content }: Entry, before: Manifest): boolean {
  return before[name] === hash || (content !== undefined && isOfEarlierImage(name, content));
}

async function readEntry(path: string): Promise<Entry | undefined> {
  const found = await ifThere(() => lstat(path));
  if (found === undefined) return undefined;
  if (found.isSymbolicLink()) return { hash: hashOf({ name: "", linkTo: await readlink(path) }), content: undefined };
  const content = found.isFile() ? await readIfThere(path) : undefined;
  return { hash: content === undefined ? "" : sha256(content), content };
}

interface Replacement {
  readonly content: string;
  readonly mode: number;
}

/** Through a second file, made durable before it takes the name: a power cut leaves the old content or the new. */
async function replaceFile(path: string, { content, mode }: Replacement): Promise<void> {
  if ((await readIfThere(path))?.toString() === content) return;
  const next = `${path}.new`;
  const file = await open(next, "w", mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(next, mode); // open's mode is cut by the umask
  await rename(next, path);
}

async function replaceLink(path: string, linkTo: string): Promise<void> {
  const next = `${path}.new`;
  await rm(next, { force: true });
  await symlink(linkTo, next);
  await rename(next, path);
}

function readIfThere(path: string): Promise<Buffer | undefined> {
  return ifThere(() => readFile(path));
}

async function ifThere<Found>(look: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await look();
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw thrown;
  }
}

function hashOf(file: ManagedFile): string {
  return "linkTo" in file ? `-> ${file.linkTo}` : sha256(file.content);
}

function sha256(content: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}
