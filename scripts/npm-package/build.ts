/**
 * Builds the published package of the clients: one file of JavaScript an entry, declarations, and the guide.
 * usage: build.ts [FOLDER], else dist/npm
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { packageEntries, type PackageEntry } from "./entries.ts";

const root = resolve(import.meta.dir, "../..");
const folder = resolve(process.argv[2] ?? join(root, "dist/npm"));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const entry of packageEntries) await bundle(entry);
writeDeclarations();
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), undefined, 2)}\n`);
cpSync(join(root, "docs/client.md"), join(folder, "README.md"));
cpSync(join(root, "LICENSE"), join(folder, "LICENSE"));
console.log(`${relative(root, folder)}: ${packageEntries.map(({ file }) => `${file}.js`).join(", ")}`);

async function bundle({ source, file, target }: PackageEntry): Promise<void> {
  const { success, logs } = await Bun.build({
    entrypoints: [join(root, "src", source)],
    outdir: folder,
    naming: `${file}.js`,
    format: "esm",
    target,
  });
  if (!success) throw new AggregateError(logs, `${source} cannot be bundled`);
  const { imports } = new Bun.Transpiler().scan(readFileSync(join(folder, `${file}.js`), "utf8"));
  const needed = imports.map(({ path }) => path).filter((path) => target === "browser" || !path.startsWith("node:"));
  if (needed.length > 0) throw new Error(`${source} needs ${needed.join(", ")}, which the package does not bring`);
}

/** The declarations name each other as the sources do, by ".ts"; a program that uses them finds them by ".js". */
function writeDeclarations(): void {
  const types = join(folder, "types");
  const tsc = [join(root, "node_modules/.bin/tsc"), "-p", import.meta.dir, "--outDir", types];
  const { success, stdout } = Bun.spawnSync(tsc, { cwd: root });
  if (!success) throw new Error(stdout.toString());
  for (const name of readdirSync(types, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(types, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/(from "\.{1,2}\/[^"]+)\.ts"/g, '$1.js"'));
  }
}

function manifest(): object {
  const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, string>;
  const exported = packageEntries.map(({ name, source, file }) => [
    name,
    { types: `./types/${source.replace(/\.ts$/, ".d.ts")}`, default: `./${file}.js` },
  ]);
  return {
    name: "praetor-client",
    version,
    description: "Registry and configuration clients for EdgeX services, for Praetor and Consul",
    license,
    type: "module",
    sideEffects: false,
    exports: Object.fromEntries(exported),
    engines: { node: ">=20.3" },
  };
}
