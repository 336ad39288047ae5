import { checkerNames } from "./checkers.ts";
import type { ManagedFile } from "./managed-folder.ts";
import { serviceHealthyScript } from "./service-healthy-script.ts";

/**
 * What docker-edgex-consul has in its folder of scripts, and the words that each stands for: this program can be called by these
 * names, through links to it, so that definitions and compose files that name a script go on working.
 */
export const scriptWords: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ["health", ["health"]],
  [serviceHealthyScript.name, ["health"]],
  ...checkerNames.map((name) => [`${name}-checker.sh`, ["checker", name]] as const),
]);

/**
 * The folder of scripts that other containers mount. What those call works without this program, which they do not have; the
 * rest is for the agent, which runs where the program is: links, unless it takes several words to start it.
 */
export function scriptFiles(executable: readonly string[]): readonly ManagedFile[] {
  const [linkTo, ...more] = executable;
  const linked = [...scriptWords.keys()].filter((name) => name !== serviceHealthyScript.name);
  if (linkTo === undefined || more.length > 0) return [serviceHealthyScript];
  return [serviceHealthyScript, ...linked.map((name) => ({ name, linkTo }))];
}
