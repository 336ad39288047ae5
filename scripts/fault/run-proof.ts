import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { figuresMark } from "../../test/support/progress.ts";
import { countTests, type TestCounts } from "../gate/junit.ts";
import type { Proof } from "./proofs.ts";

/** What came of a proof. */
export interface Ran {
  readonly proof: Proof;
  readonly isGood: boolean;
  readonly counts: TestCounts;
  readonly minutes: number;
  /** What its tests said of what they had done. */
  readonly figures: readonly string[];
}

/** Runs the long form of one, and passes on what it says, each line with the time since its start. */
export async function runProof(proof: Proof): Promise<Ran> {
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
    const figures = await passOn(child.stdout, minutes);
    const code = await child.exited;
    const counts = countTests(readIfThere(report));
    return { proof, isGood: code === 0 && counts.failed === 0, counts, minutes: minutes(), figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns the figures among the lines. */
export async function passOn(stream: ReadableStream<Uint8Array>, minutes: () => number): Promise<readonly string[]> {
  const figures: string[] = [];
  const decoder = new TextDecoder();
  let rest = "";
  const tell = (line: string): void => {
    if (line.trim() === "") return;
    if (line.startsWith(figuresMark)) figures.push(line.slice(figuresMark.length));
    console.log(`${minutes().toFixed(1).padStart(7)} min  ${line}`);
  };
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) tell(line);
  }
  tell(rest);
  return figures;
}

/** A run that crashed has left none. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
