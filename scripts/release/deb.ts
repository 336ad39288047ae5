/**
 * Makes the Debian packages dist/praetor_VERSION_ARCHITECTURE.deb. Two runs on one commit give the same bytes.
 * usage: deb.ts [TARGET...], by default all that Debian has
 */
import { rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { makeDebianPackage } from "./debian-package.ts";
import { compileFor, wantedTargets } from "./executables.ts";
import { readSource } from "./source.ts";
import { targets } from "./targets.ts";

const source = readSource();
const known = targets.filter(({ debianArchitecture }) => debianArchitecture !== undefined);
for (const target of wantedTargets(process.argv.slice(2), known)) {
  const executable = await compileFor(target);
  const architecture = target.debianArchitecture ?? "";
  const path = makeDebianPackage({ architecture, executable, folder: "dist", source });
  rmSync(dirname(executable), { recursive: true });
  console.log(`${path}: ${(statSync(path).size / 2 ** 20).toFixed(1)} MiB`);
}
