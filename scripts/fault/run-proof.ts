import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figuresMark } from "../../test/support/progress.ts";
import { countTests, type TestCounts } from "../gate/junit.ts";
import type { Proof } from "./proofs.ts";

export interface ProofResult {
  readonly proof: Proof;
  readonly succeeded: boolean;
  readonly counts: TestCounts;
  readonly minutes: number;
  /** The figures that the proof's tests printed about their work: "20 kills". */
  readonly figures: readonly string[];
}

/** Runs the long form of a proof, prints its output, each line with the time since the start, and returns the result. */
export async function runProof(proof: Proof): Promise<ProofResult> {
  const folder = mkdtempSync(join(tmpdir(), "praetor-fault-"));
  const report = join(folder, "report.xml");
  const startMs = performance.now();
  const minutes = (): number => (performance.now() - startMs) / 60_000;
  try {
    const reporting = ["--only-failures", "--reporter=junit", `--reporter-outfile=${report}`];
    const child = Bun.spawn(["node_modules/.bin/bun", "test", ...reporting, `./${proof.file}`], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, FAULT: "long" },
    });
    const figures = await printLines(child.stdout, minutes);
    const code = await child.exited;
    const counts = countTests(readIfExists(report));
    return { proof, succeeded: code === 0 && counts.failed === 0, counts, minutes: minutes(), figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints each line of a stream, with the value of `minutes()` before it; returns the figures that the lines contain. */
export async function printLines(
  stream: ReadableStream<Uint8Array>,
  minutes: () => number,
): Promise<readonly string[]> {
  const figures: string[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  const print = (line: string): void => {
    if (line.trim() === "") return;
    if (line.startsWith(figuresMark)) figures.push(line.slice(figuresMark.length));
    console.log(`${minutes().toFixed(1).padStart(7)} min  ${line}`);
  };
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) print(line);
  }
  print(rest);
  return figures;
}

/** Returns the text of the report; "" if the run crashed and wrote no report. */
function readIfExists(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
