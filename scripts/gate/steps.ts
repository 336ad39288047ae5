import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";

/** One step of the gate. Every step is run, also after one has failed. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Its tests are counted one by one; other steps count as one test. */
  readonly isTestRun: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it needs programs that scripts/ensure-debian-packages looks for. */
  readonly needsPackages?: boolean;
  /** What to do when it fails. */
  readonly remedy?: string;
}

const bin = "node_modules/.bin";

export const checks: readonly Step[] = [
  check("format", [`${bin}/oxfmt`, "--check", "."], "run `make format`"),
  check("lint", [`${bin}/oxlint`, "--deny-warnings"]),
  check("types", [`${bin}/tsc`, "--noEmit"]),
  check("unused", [`${bin}/knip`, "--no-progress", "--treat-config-hints-as-errors"]),
  check("notice", [`${bin}/bun`, "scripts/make-notice.ts", "--check"], "run `make notice` and commit the file"),
  check("build", [`${bin}/bun`, "scripts/build.ts"]),
];

/** These take longest. They begin first, so that what runs side by side ends at about the same time. */
const longFolders = ["test/fault", "test/conformance", "test/e2e", "src"];

/**
 * Tests that start a whole agent start the executable, as users have it. The sources are run by the unit tests, and as a
 * whole program by the tour of the README, which begins with `make run`.
 */
const executable = { CONFORMANCE_TARGET: "executable", CLIENT: "executable" };

/** Their tests run curl, openssl, dig, shells, Redis, Mosquitto, Chromium. Tests of other folders skip what cannot be run. */
const needPackages = new Set(["test/conformance", "test/docs", "test/e2e"]);

/** All tests, a run for each folder. */
export function testRuns(): readonly Step[] {
  const folders = readdirSync("test").map((name) => `test/${name}`);
  return [...new Set([...longFolders, ...folders.toSorted(), "scripts", "bench", "examples"])]
    .filter(hasTests)
    .map((folder) => ({
      ...{ name: `tests:${folder}`, command: testCommand(folder), isTestRun: true, env: executable },
      needsPackages: needPackages.has(folder),
    }));
}

/** Files are spread over processes. Those of one process share its modules, and so an agent that they open once. */
function testCommand(folder: string): readonly string[] {
  const spread = [`--parallel=${Math.max(2, availableParallelism())}`, "--no-isolate"];
  return [`${bin}/bun`, "test", "--only-failures", "--no-orphans", ...spread, `./${folder}/`];
}

function check(name: string, command: readonly string[], remedy?: string): Step {
  return { name, command, isTestRun: false, ...(remedy !== undefined && { remedy }) };
}

function hasTests(folder: string): boolean {
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true }).some((path) => /\.test\.tsx?$/.test(String(path)))
  );
}
