/**
 * Builds the npm package of the clients: a JavaScript file for each entry, their shared chunks, declarations and the guides.
 * usage: build.ts [FOLDER], by default dist/npm
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { productionDependencies } from "../notice/dependencies.ts";
import { renderPackages } from "../notice/render-packages.ts";

/** A file of the npm package that programs import. */
interface PackageEntry {
  /** The key in `exports` of package.json: "." is the package itself. */
  readonly name: string;
  /** The path of the entry point's source file, relative to src. */
  readonly source: string;
  /** "browser" allows no built-in modules; "node" allows those of Node, which Bun has, too. */
  readonly target: "browser" | "node";
}

const packageEntries: readonly PackageEntry[] = [
  { name: ".", source: "client-package.ts", target: "browser" },
  { name: "./bootstrap", source: "client-package-bootstrap.ts", target: "node" },
];

const root = resolve(import.meta.dir, "../..");
const folder = resolve(process.argv[2] ?? join(root, "dist/npm"));
process.chdir(root);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const bundled = await bundle();
for (const entry of packageEntries) assertSelfContained(entry, programOf(entry));
writeDeclarations();
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), undefined, 2)}\n`);
writeFileSync(join(folder, "NOTICE"), notice(bundled));
cpSync("docs/client.md", join(folder, "README.md"));
cpSync("docs/bootstrap.md", join(folder, "bootstrap.md"));
cpSync("LICENSE", join(folder, "LICENSE"));
console.log(`${relative(root, folder)}: ${packageEntries.map(programOf).join(", ")}`);

function programOf({ source }: PackageEntry): string {
  return source.replace(/\.ts$/, ".js");
}

/**
 * Bundles all entries together, so that they share one copy of each class, and `instanceof` works across them. Returns the
 * paths of all bundled sources.
 */
async function bundle(): Promise<readonly string[]> {
  const { success, logs, metafile } = await Bun.build({
    entrypoints: packageEntries.map(({ source }) => join("src", source)),
    outdir: folder,
    naming: { entry: "[name].js", chunk: "parts/[name]-[hash].js" },
    format: "esm",
    target: "node",
    splitting: true,
    metafile: true,
  });
  if (!success || metafile === undefined) throw new AggregateError(logs, "the package cannot be bundled");
  return Object.keys(metafile.inputs);
}

/**
 * Throws an Error if a bundled file, or a file that it imports, needs a module that is not in the package and that the entry's
 * target does not allow.
 */
function assertSelfContained(entry: PackageEntry, file: string): void {
  const { imports } = new Bun.Transpiler().scan(readFileSync(join(folder, file), "utf8"));
  for (const { path } of imports) {
    if (path.startsWith(".")) assertSelfContained(entry, join(file, "..", path));
    else if (entry.target === "browser" || !path.startsWith("node:")) {
      throw new Error(`${entry.source} needs ${path} (in ${file}), which is not in the package`);
    }
  }
}

/** Writes the declarations, with imports of ".ts" files changed to ".js", which TypeScript resolves in a package. */
function writeDeclarations(): void {
  const types = join(folder, "types");
  const { success, stdout } = Bun.spawnSync(["node_modules/.bin/tsc", "-p", import.meta.dir, "--outDir", types]);
  if (!success) throw new Error(stdout.toString());
  for (const name of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(types, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/(from "\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'));
  }
}

function manifest(): object {
  const { version, license } = JSON.parse(readFileSync("package.json", "utf8")) as Record<string, string>;
  const exported = packageEntries.map((entry) => [
    entry.name,
    { types: `./types/${entry.source.replace(/\.ts$/, ".d.ts")}`, default: `./${programOf(entry)}` },
  ]);
  return {
    name: "praetor-client",
    version,
    description: "Registry and configuration clients, and the start of whole services, for EdgeX on Praetor and Consul",
    license,
    type: "module",
    sideEffects: false,
    exports: Object.fromEntries(exported),
    engines: { node: ">=20.3" },
    // A release proves with its package which commit and build it comes from.
    publishConfig: { access: "public", provenance: true },
  };
}

/** Returns the text of NOTICE for the bundled packages. */
function notice(sources: readonly string[]): string {
  const isBundled = (name: string): boolean => sources.some((path) => path.includes(`node_modules/${name}/`));
  return `praetor-client
Copyright the Praetor authors

Licensed under the Apache License, Version 2.0; see LICENSE.


${renderPackages(productionDependencies().filter(({ name }) => isBundled(name)))}`;
}
