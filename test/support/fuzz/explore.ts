import fc from "fast-check";
import { isAtLength } from "../at-length.ts";
import { tellFigures, tellProgress } from "../progress.ts";
import { shareMs, type WholeThing } from "./share.ts";
import { addToCorpus, readCorpus } from "./watched-fuzz.ts";

export interface Exploration<T> {
  readonly arbitrary: fc.Arbitrary<T>;
  /** Throws or rejects when the required property does not hold for a random input. */
  readonly property: (input: T) => unknown;
  /** The number of inputs that `make test` tries. `make fault` tries inputs for a fixed time instead. */
  readonly shortRuns: number;
  /** Returns the octets that are sent for an input. The octets of a failing input are added to the corpus. */
  readonly octetsOf?: (input: T) => Uint8Array;
  /** Throws or rejects when the required property does not hold for an input of the corpus. The corpus is tried first. */
  readonly known?: (octets: Uint8Array) => unknown;
}

const runsMax = 1_000_000_000;

/** Tries the inputs of the corpus and then random ones. @throws Error with a failing input and the seed that repeats the run */
export async function explore<T>(name: WholeThing, exploration: Exploration<T>): Promise<void> {
  const { arbitrary, property, shortRuns, octetsOf, known } = exploration;
  let inputs = 0;
  /** fast-check shrinks a failing input, so the last failing input is the smallest. */
  let failed: { readonly input: T } | undefined;
  if (known !== undefined) for (const octets of readCorpus(name)) await known(octets);
  const held = fc.asyncProperty(arbitrary, async (input) => {
    inputs += 1;
    tellProgress(() => `${name}: ${inputs} inputs`);
    try {
      await property(input);
    } catch (error) {
      failed = { input };
      throw error;
    }
  });
  const run = await fc.check(held, {
    numRuns: isAtLength ? runsMax : shortRuns,
    plugins: isAtLength ? [fc.interruptAfterTimeLimit(shareMs)] : [],
    ...(process.env["SEED"] !== undefined && { seed: Number(process.env["SEED"]) }),
  });
  if (run.failed) {
    const path =
      failed === undefined || !octetsOf ? "" : `\nIt is kept in ${addToCorpus(name, octetsOf(failed.input))}`;
    throw new Error(`${await fc.asyncDefaultReportMessage(run)}${path}`);
  }
  if (isAtLength) tellFigures(`${name}: ${inputs} inputs`);
}
