import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Platform } from "./platforms.ts";
import { output } from "./output.ts";

/**
 * Packages of Debian for one processor, unpacked into one folder. Nothing of them is run: they may be of another processor than this
 * machine's. apt keeps its lists for this beside them, checks them by the keys of this machine, and changes nothing in this machine.
 */
export class DebianTree {
  readonly #folder: string;
  readonly #platform: Platform;
  /** The package of each file, by the file's path. */
  readonly #owners = new Map<string, string>();

  constructor(folder: string, platform: Platform) {
    this.#folder = folder;
    this.#platform = platform;
  }

  /**
   * Downloads the packages and all that they depend on, and unpacks them.
   * @throws Error with the output of apt when it cannot
   */
  async unpack(packages: readonly string[]): Promise<void> {
    const state = join(this.#folder, "apt");
    for (const part of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(state, part), { recursive: true });
    writeFileSync(join(state, "status"), "");
    rmSync(this.root, { recursive: true, force: true });
    mkdirSync(this.root, { recursive: true });
    const options = [
      ...[`APT::Architecture=${this.#platform.architecture}`, `APT::Architectures=${this.#platform.architecture}`],
      ...[`Dir::State=${state}`, `Dir::State::status=${state}/status`, `Dir::State::lists=${state}/lists`],
      ...[`Dir::Cache=${state}/cache`, "Acquire::Languages=none", "APT::Sandbox::User=root"],
      // Debian's own images delete what was downloaded.
      ...["Binary::apt-get::APT::Keep-Downloaded-Packages=true", "APT::Keep-Downloaded-Packages=true"],
    ].flatMap((option) => ["-o", option]);
    await output(["apt-get", "-qq", ...options, "update"]);
    const install = [...options, "--no-install-recommends", "-y", "install", ...packages];
    await output(["apt-get", "-qq", "--download-only", ...install]);
    // The folder can also have files of an earlier run, with other versions.
    const installed = await output(["apt-get", "--simulate", ...install]);
    for (const [, name, version = "", architecture] of installed.matchAll(/^Inst (\S+) \((\S+) .*\[(\w+)\]\)/gm)) {
      const file = `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
      await this.#unpackPackage(join(state, "cache/archives", file));
    }
  }

  get root(): string {
    return join(this.#folder, "root");
  }

  async #unpackPackage(file: string): Promise<void> {
    const fields = await output(["dpkg-deb", "--field", file]);
    const name = /^Package: (.+)$/m.exec(fields)?.[1] ?? "";
    const listed = await output(["dpkg-deb", "--vextract", file, this.root]);
    for (const path of listed.split("\n")) this.#owners.set(join("/", path), name);
    mkdirSync(join(this.#folder, "fields"), { recursive: true });
    writeFileSync(join(this.#folder, "fields", name), fields);
  }

  /**
   * Returns the path without links of a file of the packages. Links are followed as if the folder were the root: some are absolute.
   * @throws Error if no package has the file
   */
  resolve(path: string): string {
    let resolved = "/";
    const rest = path.split("/");
    while (rest.length > 0) {
      const next = join(resolved, rest.shift() ?? "");
      const found = lstatSync(join(this.root, next), { throwIfNoEntry: false });
      if (found === undefined)
        throw new Error(`no package has ${path}: change the packages in scripts/image/flavours.ts`);
      if (!found.isSymbolicLink()) resolved = next;
      else {
        const target = readlinkSync(join(this.root, next));
        if (target.startsWith("/")) resolved = "/";
        rest.unshift(...target.split("/"));
      }
    }
    return resolved;
  }

  read(path: string): Buffer {
    return readFileSync(join(this.root, this.resolve(path)));
  }

  /** Returns the files of a folder, sorted by name. */
  list(folder: string): readonly string[] {
    return readdirSync(join(this.root, folder)).toSorted();
  }

  /** Returns the name of the package that has this file. */
  ownerOf(path: string): string {
    const owner = this.#owners.get(this.resolve(path));
    if (owner === undefined) throw new Error(`no package has ${path}`);
    return owner;
  }

  /** Returns what Debian says of a package: its name, version, source and dependencies. */
  fieldsOf(name: string): string {
    return readFileSync(join(this.#folder, "fields", name), "utf8");
  }

  /**
   * Returns the paths of the libraries that a program needs, directly and through other libraries.
   * @throws Error if no package has one
   */
  async librariesOf(program: string, found: Set<string> = new Set()): Promise<ReadonlySet<string>> {
    const dynamic = await output(["readelf", "--dynamic", program]);
    for (const [, name = ""] of dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)) {
      const path = this.#libraryPath(name);
      if (found.has(path)) continue;
      found.add(path);
      await this.librariesOf(join(this.root, this.resolve(path)), found);
    }
    return found;
  }

  /** Some packages of Debian 12 have their libraries below /lib, which is a link to /usr/lib on a whole system. */
  #libraryPath(name: string): string {
    const [path, older] = ["/usr/lib", "/lib"].map((folder) => join(folder, this.#platform.libraries, name));
    return older !== undefined && existsSync(join(this.root, older)) ? older : (path ?? "");
  }
}
