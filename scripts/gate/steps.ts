import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";

/** One step of the gate. The gate runs every step, even after another step has failed. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether the step runs tests. The gate counts each of these tests; it counts any other step as one test. */
  readonly isTestRun: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the step needs the programs that scripts/ensure-debian-packages installs. */
  readonly needsPackages?: boolean;
  /** Whether the step leaves most of the processors to others, so that it runs beside those that do not. */
  readonly mostlyWaits?: boolean;
  /** The remedy if the step fails: "run `make format`". */
  readonly remedy?: string;
}

const bin = "node_modules/.bin";

export const checks: readonly Step[] = [
  check("format", [`${bin}/oxfmt`, "--check", "."], "run `make format`"),
  check("lint", [`${bin}/oxlint`, "--deny-warnings"]),
  check("types", [`${bin}/tsc`, "--noEmit"]),
  check("types:web", [`${bin}/tsc`, "--noEmit", "-p", "web"]),
  check("unused", [`${bin}/knip`, "--no-progress", "--treat-config-hints-as-errors"]),
  check("notice", [`${bin}/bun`, "scripts/make-notice.ts", "--check"], "run `make notice` and commit the file"),
  check("build", [`${bin}/bun`, "scripts/build.ts"]),
];

/** The folders whose tests take longest. Their runs start first, so that parallel runs end at about the same time. */
const longFolders = ["test/fault", "test/conformance", "test/e2e", "test/web", "src"];

/**
 * Environment variables that make tests of whole agents start the executable, which is what users run. Unit tests run the
 * sources, and so does the test of the README's tour, which starts the agent with `make run`.
 */
const executable = { CONFORMANCE_TARGET: "executable", CLIENT: "executable" };

/**
 * Folders whose tests need curl, openssl, dig, shells, Redis, Mosquitto, Chromium or etcd. Tests of other folders are skipped if such a
 * program is missing.
 */
const needPackages = new Set(["test/conformance", "test/docs", "test/e2e", "test/etcd", "test/web"]);

/** Folders whose tests take long and need root; each has a target of its own in the Makefile. */
const notInGate = new Set(["test/packages"]);

/** Folders whose tests mostly wait for other programs. */
const waitingFolders = new Set(["test/docs", "test/etcd"]);

/** Returns all test runs of the gate, one for each folder. */
export function testRuns(): readonly Step[] {
  const folders = readdirSync("test")
    .map((name) => `test/${name}`)
    .filter((folder) => !notInGate.has(folder));
  return [...new Set([...longFolders, ...folders.toSorted(), "scripts", "bench", "examples", "web"])]
    .filter(hasTests)
    .map((folder) => ({
      ...{ name: `tests:${folder}`, command: testCommand(folder), isTestRun: true, env: executable },
      ...{ needsPackages: needPackages.has(folder), mostlyWaits: waitingFolders.has(folder) },
    }));
}

/**
 * Returns the command that runs a folder's test files in several processes. The files in one process share loaded modules, and so
 * use the same agent (test/support/conformance.ts).
 */
function testCommand(folder: string): readonly string[] {
  const processes = Math.max(2, availableParallelism()) * (waitingFolders.has(folder) ? 2 : 1);
  const spread = [`--parallel=${processes}`, "--no-isolate"];
  return [`${bin}/bun`, "test", "--only-failures", ...spread, `./${folder}/`];
}

function check(name: string, command: readonly string[], remedy?: string): Step {
  return { name, command, isTestRun: false, ...(remedy !== undefined && { remedy }) };
}

function hasTests(folder: string): boolean {
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true }).some((path) => /\.test\.tsx?$/.test(String(path)))
  );
}
