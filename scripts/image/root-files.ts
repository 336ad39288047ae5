import { join } from "node:path";
import type { TarEntry } from "modern-tar";
import { scriptArguments } from "../../src/edgex/scripts.ts";
import type { DebianTree } from "./debian-tree.ts";
import type { Flavour } from "./flavours.ts";
import type { Platform } from "./platforms.ts";

/** The user and group of the Dockerfile's USER instruction. */
const user = { uid: 2002, gid: 2001 };

const folderMode = 0o755;

/** Files of an image by path, without a leading "/". Folders above them are added when they are packed. */
export type RootFiles = ReadonlyMap<string, TarEntry>;

/** Returns what every image begins with: the C library, what the program needs of it, certificates, and the files of a system. */
export async function baseFiles(tree: DebianTree, platform: Platform, program: string): Promise<RootFiles> {
  const certificates = "/usr/share/ca-certificates/mozilla";
  const bundle = tree.list(certificates).map((name) => tree.read(join(certificates, name)));
  const loader = platform.loader.split("/").at(-1) ?? "";
  return files([
    // Debian 12 and later have the older folders as links.
    ...["bin", "lib", "lib64", "sbin"].flatMap((name) => [folder(`usr/${name}`), link(name, `usr/${name}`)]),
    ...(await libraryFiles(tree, [program])),
    link(merged(platform.loader), `/usr/lib/${platform.libraries}/${loader}`),
    file("etc/ssl/certs/ca-certificates.crt", Buffer.concat(bundle)),
    ...packageFiles(tree, ["ca-certificates", "base-files"]),
    file("usr/lib/os-release", tree.read("/usr/lib/os-release")),
    link("etc/os-release", "../usr/lib/os-release"),
    file("etc/passwd", `root:x:0:0:root:/root:/bin/sh\npraetor:x:${user.uid}:${user.gid}:Praetor:/consul:/bin/sh\n`),
    file("etc/group", `root:x:0:\npraetor:x:${user.gid}:\n`),
    file("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    folder("tmp", { mode: 0o1777 }),
    ...["dev", "proc", "sys", "run", "root"].map((name) => folder(name)),
  ]);
}

/** Returns the programs of a flavour with their libraries, and busybox' other names. */
export async function toolFiles(tree: DebianTree, flavour: Flavour): Promise<RootFiles> {
  const programs = flavour.programs.map((path) => expanded(tree, path));
  const paths = programs.map((path) => join(tree.root, path));
  return files([
    ...programs.map((path) => file(`usr/bin/${path.split("/").at(-1)}`, tree.read(path), 0o755)),
    ...(await libraryFiles(tree, paths)),
    ...packageFiles(
      tree,
      programs.map((path) => tree.ownerOf(path)),
    ),
    ...flavour.applets.map((name) => link(`usr/bin/${name}`, "busybox")),
  ]);
}

/** Returns the program with its licences, the names of Geneva's scripts for it, and the folders of the volume. */
export function programFiles(program: Uint8Array, licences: ReadonlyMap<string, Uint8Array>): RootFiles {
  return files([
    file("usr/local/bin/praetor", program, 0o755),
    ...[...licences].map(([name, bytes]) => file(`usr/share/doc/praetor/${name}`, bytes)),
    ...[...scriptArguments.keys()].map((name) => link(`edgex/scripts/${name}`, "/usr/local/bin/praetor")),
    ...["consul", "consul/config", "consul/data", "consul/scripts"].map((name) => folder(name, user)),
  ]);
}

/** Returns the files of the second map that the first does not have. */
export function without(base: RootFiles, more: RootFiles): RootFiles {
  return new Map([...more].filter(([path]) => !base.has(path)));
}

async function libraryFiles(tree: DebianTree, programs: readonly string[]): Promise<readonly TarEntry[]> {
  const libraries = new Set<string>();
  for (const program of programs) await tree.librariesOf(program, libraries);
  return [
    ...[...libraries].map((path) => file(merged(path), tree.read(path), 0o755)),
    ...packageFiles(
      tree,
      [...libraries].map((path) => tree.ownerOf(path)),
    ),
  ];
}

/** Returns the licence of each package, and its fields where scanners of images look for them. */
function packageFiles(tree: DebianTree, packages: readonly string[]): readonly TarEntry[] {
  return [...new Set(packages)].flatMap((name) => [
    file(`usr/share/doc/${name}/copyright`, tree.read(`/usr/share/doc/${name}/copyright`)),
    file(`var/lib/dpkg/status.d/${name}`, tree.fieldsOf(name)),
  ]);
}

function expanded(tree: DebianTree, path: string): string {
  const [before, after] = path.split("*");
  if (before === undefined || after === undefined) return tree.resolve(path);
  return tree.resolve(join(before, tree.list(before).at(-1) ?? "", after));
}

/** Returns a path of a package as an image has it, whose /bin, /lib, /lib64 and /sbin are links. */
function merged(path: string): string {
  return path.replace(/^\/(?=(?:bin|lib|lib64|sbin)\/)/, "usr/").replace(/^\//, "");
}

function files(entries: readonly TarEntry[]): RootFiles {
  return new Map(entries.map((entry) => [entry.header.name, entry]));
}

function file(name: string, content: string | Uint8Array, mode = 0o644): TarEntry {
  const body = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return { header: { name, size: body.length, mode, type: "file" }, body };
}

function folder(name: string, { mode = folderMode, uid = 0, gid = 0 } = {}): TarEntry {
  return { header: { name, size: 0, mode, type: "directory", uid, gid } };
}

function link(name: string, linkname: string): TarEntry {
  return { header: { name, size: 0, mode: 0o777, type: "symlink", linkname } };
}

/** Returns the entries in the order of a tar: a folder before what it has, and with every folder that the files are in. */
export function withFolders(root: RootFiles): readonly TarEntry[] {
  const all = new Map(root);
  for (const path of root.keys())
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const above = path.slice(0, at);
      if (!all.has(above)) all.set(above, folder(above));
    }
  return [...all.values()].toSorted((a, b) => (a.header.name < b.header.name ? -1 : 1));
}
