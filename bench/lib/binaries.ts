import { join } from "node:path";

export interface Binaries {
  readonly praetor: string;
  readonly consul: string;
}

export const repository: string = join(import.meta.dir, "../..");

/**
 * Returns the paths of the programs to compare. The variable PRAETOR_BINARY names another build of Praetor, CONSUL_BINARY another
 * Consul. Ends this process when Consul cannot be found.
 */
export function findBinaries(): Binaries {
  const praetor = process.env["PRAETOR_BINARY"] ?? join(repository, "dist/praetor");
  const found = Bun.spawnSync([join(repository, "scripts/find-consul")], { stderr: "inherit" });
  if (!found.success) process.exit(1);
  return { praetor, consul: found.stdout.toString().trim() };
}
