import { checkerNames } from "./checkers.ts";
import type { ManagedFile } from "./managed-folder.ts";
import { serviceHealthyScript } from "./service-healthy-script.ts";

/**
 * Maps the name of each script of docker-edgex-consul to the arguments of `praetor` that replace the script. A symbolic link with
 * a script's name starts this program with those arguments, so definitions and compose files that name a script keep working.
 */
export const scriptArguments: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["health", ["health"]],
  [serviceHealthyScript.name, ["health"]],
  ...checkerNames.map((name) => [`${name}-checker.sh`, ["checker", name]] as const),
]);

/**
 * Returns the files of the scripts folder, which other containers mount. consul-svc-healthy.sh is a shell script, since those
 * containers do not have this program. The other scripts run in the agent's container. They are symbolic links to this program,
 * and are left out if the command that starts this program has arguments.
 */
export function scriptFiles(executable: readonly string[]): readonly ManagedFile[] {
  const [linkTo, ...more] = executable;
  const linked = [...scriptArguments.keys()].filter((name) => name !== serviceHealthyScript.name);
  if (linkTo === undefined || more.length > 0) return [serviceHealthyScript];
  return [serviceHealthyScript, ...linked.map((name) => ({ name, linkTo }))];
}
