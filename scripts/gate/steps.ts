import { existsSync, readdirSync } from "node:fs";

/** One step of the gate. Every step is run, also after one has failed. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** Its tests are counted one by one; other steps count as one test. */
  readonly isTestRun: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** What to do when it fails. */
  readonly remedy?: string;
}

const bin = "node_modules/.bin";

const checks: readonly Step[] = [
  check("format", [`${bin}/oxfmt`, "--check", "."], "run `make format`"),
  check("lint", [`${bin}/oxlint`, "--deny-warnings"]),
  check("types", [`${bin}/tsc`, "--noEmit"]),
  check("unused", [`${bin}/knip`, "--no-progress", "--treat-config-hints-as-errors"]),
  check("notice", [`${bin}/bun`, "scripts/make-notice.ts", "--check"], "run `make notice` and commit the file"),
  check("build", [`${bin}/bun`, "scripts/build.ts"]),
];

/** The gate, in order: what is quick and says most comes first. */
export function gateSteps(): readonly Step[] {
  const folders = readdirSync("test", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "architecture")
    .map((entry) => `test/${entry.name}`)
    .toSorted();
  return [
    ...checks,
    ...["test/architecture", "src", "scripts", "bench", "examples", ...folders].flatMap((folder) => testStep(folder)),
    ...testStep("test/conformance", { name: "the executable", env: { CONFORMANCE_TARGET: "executable" } }),
  ];
}

function check(name: string, command: readonly string[], remedy?: string): Step {
  return { name, command, isTestRun: false, ...(remedy !== undefined && { remedy }) };
}

interface Variant {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The same tests are run again for a variant: its environment tells them what to test. */
function testStep(folder: string, variant?: Variant): readonly Step[] {
  if (!hasTests(folder)) return [];
  const name = variant === undefined ? `tests:${folder}` : `tests:${folder} on ${variant.name}`;
  const command = [`${bin}/bun`, "test", "--only-failures", "--no-orphans", `./${folder}/`];
  return [{ name, command, isTestRun: true, ...(variant !== undefined && { env: variant.env }) }];
}

function hasTests(folder: string): boolean {
  return (
    existsSync(folder) && readdirSync(folder, { recursive: true }).some((path) => /\.test\.tsx?$/.test(String(path)))
  );
}
