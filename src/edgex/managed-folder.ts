import { chmod, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { ManagedFolder } from "./plan.ts";

/** The hash of each file as it was written, by name. Neither .json nor .hcl, so agents do not read it. */
type Manifest = Readonly<Record<string, string>>;

const manifestName = ".praetor-edgex";

/** What changed in a folder. */
export interface FolderChange {
  /** Written by an earlier run, for settings that are no more. */
  readonly removed: readonly string[];
  /** Written by an earlier run but changed since by somebody: left for them to decide. */
  readonly keptChanged: readonly string[];
}

/**
 * Makes a folder hold these files. What an earlier run wrote and this one does not want is removed, unless somebody has
 * changed it; other files are not touched. A file is replaced as a whole or not at all, and not written when it is the same.
 * @throws OperatingError unavailable
 */
export async function updateFolder(folder: ManagedFolder): Promise<FolderChange> {
  try {
    await mkdir(folder.path, { recursive: true });
    const before = await readManifest(folder.path);
    for (const { name, content } of folder.files)
      await replaceFile(join(folder.path, name), { content, mode: folder.fileMode });
    const wanted = Object.fromEntries(folder.files.map(({ name, content }) => [name, hashOf(content)]));
    const change = await removeStale(
      folder.path,
      Object.entries(before).filter(([name]) => !(name in wanted)),
    );
    await replaceFile(join(folder.path, manifestName), { content: `${JSON.stringify(wanted)}\n`, mode: 0o644 });
    return change;
  } catch (cause) {
    const message = `cannot write the definitions to ${folder.path}: ${messageOf(cause)}; PRAETOR_CONFIG_DIR names another folder`;
    throw new OperatingError("unavailable", "definitions-not-written", message, { cause });
  }
}

async function removeStale(
  path: string,
  stale: readonly (readonly [name: string, hash: string])[],
): Promise<FolderChange> {
  const removed: string[] = [];
  const keptChanged: string[] = [];
  for (const [name, hash] of stale) {
    const content = await readIfThere(join(path, name));
    if (content === undefined) continue;
    if (hashOf(content) !== hash) {
      keptChanged.push(name);
      continue;
    }
    await rm(join(path, name));
    removed.push(name);
  }
  return { removed, keptChanged };
}

/** A damaged or foreign manifest claims nothing: then nothing is removed. */
async function readManifest(path: string): Promise<Manifest> {
  try {
    const json: unknown = JSON.parse((await readIfThere(join(path, manifestName))) ?? "{}");
    const entries = typeof json === "object" && json !== null ? Object.entries(json) : [];
    return Object.fromEntries(
      entries.filter(([name]) => !name.includes("/")).map(([name, hash]) => [name, String(hash)]),
    );
  } catch {
    return {};
  }
}

interface Replacement {
  readonly content: string;
  readonly mode: number;
}

/** Through a second file, made durable before it takes the name: a power cut leaves the old content or the new. */
async function replaceFile(path: string, { content, mode }: Replacement): Promise<void> {
  if ((await readIfThere(path)) === content) return;
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

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return undefined;
    throw thrown;
  }
}

function hashOf(content: string): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}
