import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { compilePraetor } from "../compile-praetor.ts";
import { fetchPackage, lockedVersion } from "./locked-package.ts";
import { type Target, targets } from "./targets.ts";

/**
 * Compiles the executable for a target; resolves with its path, dist/TARGET/praetor. The file's name is part of its bytes, so it
 * is that of the installed program.
 * @throws Error if npm cannot fetch Bun's runtime for the target, or the bundler fails
 */
export async function compileFor({ name, runtimePackage, compileTarget }: Target): Promise<string> {
  const path = join(fetchPackage(runtimePackage, lockedVersion(runtimePackage)), "bin/bun");
  if (!existsSync(path)) throw new Error(`${runtimePackage} has no bin/bun`);
  const folder = join("dist", name);
  mkdirSync(folder, { recursive: true });
  const executable = join(folder, "praetor");
  if (await compilePraetor(executable, { path, target: compileTarget })) return executable;
  throw new Error(`the executable for ${name} cannot be compiled: see the messages above`);
}

/**
 * Returns those of the targets that the arguments name; all without arguments.
 * @throws Error if there is no target of a name
 */
export function wantedTargets(names: readonly string[], known: readonly Target[] = targets): readonly Target[] {
  const unknown = names.find((name) => known.every((target) => target.name !== name));
  if (unknown !== undefined)
    throw new Error(`there is no target ${unknown}: name some of ${known.map(({ name }) => name).join(", ")}`);
  return names.length === 0 ? known : known.filter(({ name }) => names.includes(name));
}
