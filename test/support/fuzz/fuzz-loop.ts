import { FakeRandom } from "../fake-random.ts";
import { type Decoder, isRefusal } from "./decoder.ts";
import { mutate } from "./mutator.ts";
import { patienceMs } from "../patience.ts";
import { answerMsMax as answerMsMaxDefault } from "./share.ts";

export interface FuzzLimits {
  readonly seed: number;
  readonly runsMax: number;
  readonly budgetMs: number;
  /**
   * Maximum duration of one input on a quiet machine, in milliseconds. The agent decodes in its only thread, so a slow input
   * delays all requests.
   */
  readonly answerMsMax?: number;
}

export interface Fault {
  readonly input: Uint8Array;
  readonly why: string;
}

/** Maximum number of inputs from which further inputs are made: the corpus, and each input with a new kind of result. */
const poolMax = 2_000;

/**
 * Runs a decoder on one input after another until an input fails, or the limit of runs or of time is reached. Returns the numbers
 * of runs and of different results, and the failing input. Calls `before` with each input, so that the caller knows the input on
 * which the decoder hangs.
 */
export async function fuzz(
  decoder: Decoder,
  corpus: readonly Uint8Array[],
  options: FuzzLimits & { readonly before: (input: Uint8Array) => void },
): Promise<{ readonly runs: number; readonly outcomes: number; readonly fault: Fault | undefined }> {
  const { answerMsMax = answerMsMaxDefault } = options;
  const random = new FakeRandom(options.seed);
  const pool = [...corpus];
  const outcomes = new Set<string>();
  const endMs = performance.now() + options.budgetMs;
  let runs = 0;
  const attempt = async (input: Uint8Array): Promise<Fault | undefined> => {
    options.before(input);
    const { outcome, why } = await outcomeOf(decoder, input, answerMsMax);
    runs += 1;
    if (why !== undefined) return { input, why };
    if (!outcomes.has(outcome) && pool.length < poolMax) pool.push(input);
    outcomes.add(outcome);
    return undefined;
  };
  for (const input of corpus) {
    const fault = await attempt(input);
    if (fault) return { runs, outcomes: outcomes.size, fault };
  }
  while (runs < options.runsMax && performance.now() < endMs) {
    const fault = await attempt(mutate(pool, decoder.words, random));
    if (fault) return { runs, outcomes: outcomes.size, fault: await smaller(decoder, fault, answerMsMax) };
  }
  return { runs, outcomes: outcomes.size, fault: undefined };
}

interface Outcome {
  /** "decoded", "fault", or the text of the refusal without its numbers and quoted parts. */
  readonly outcome: string;
  readonly why: string | undefined;
}

/**
 * Runs the decoder on an input, and returns its result. Runs a slow input up to three times, as the machine may be the cause. The
 * time in which the process had no processor does not count.
 */
async function outcomeOf(decoder: Decoder, input: Uint8Array, answerMsMax: number): Promise<Outcome> {
  let leastMs = Infinity;
  let outcome = "decoded";
  for (let trial = 0; trial < 3 && leastMs > answerMsMax; trial += 1) {
    const startMs = performance.now();
    const startCpu = process.cpuUsage();
    try {
      await decoder.run(input);
    } catch (thrown) {
      if (!isRefusal(thrown))
        return { outcome: "fault", why: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
      outcome = thrown.message.slice(0, 200).replaceAll(/"(?:[^"\\]|\\.)*"|\d+|`[^`]*`|'[^']*'/g, "_");
    }
    const { user, system } = process.cpuUsage(startCpu);
    leastMs = Math.min(leastMs, performance.now() - startMs, (user + system) / 1_000);
  }
  const isSlow = leastMs > answerMsMax && leastMs > patienceMs(answerMsMax);
  return { outcome, why: isSlow ? `it takes ${leastMs.toFixed(0)} ms` : undefined };
}

const smallerMs = 5_000;

/** Removes pieces of a failing input for up to five seconds, and returns the smallest input that still fails. */
async function smaller(decoder: Decoder, fault: Fault, answerMsMax: number): Promise<Fault> {
  const endMs = performance.now() + smallerMs;
  let least = fault;
  for (
    let piece = Math.ceil(fault.input.length / 2);
    piece >= 1 && performance.now() < endMs;
    piece = Math.floor(piece / 2)
  ) {
    for (let at = 0; at < least.input.length && performance.now() < endMs;) {
      const input = Buffer.concat([least.input.subarray(0, at), least.input.subarray(at + piece)]);
      const { why } = await outcomeOf(decoder, input, answerMsMax);
      if (why === undefined) at += piece;
      else least = { input, why };
    }
  }
  return least;
}
