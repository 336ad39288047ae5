import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyOf } from "../../../src/lib/copy-of.ts";
import type { Fault, FuzzLimits } from "./fuzz-loop.ts";
import { patienceMs } from "../patience.ts";
import type { FuzzOrder } from "./fuzz-worker.ts";

const corpusFolder = join(import.meta.dir, "../../fuzz/corpus");
const inputBytesMax = 512 * 1024;
/**
 * Maximum time without a new input, in milliseconds: ten times as long as the three attempts at a slow input may take on a quiet
 * machine.
 */
const silenceMsMax = 30_000;
const lookMs = 500;

export interface Fuzzed {
  readonly runs: number;
  /** The number of different results: decoded, or a kind of refusal. */
  readonly outcomes: number;
  readonly fault: Fault | undefined;
}

/** Fuzzes a decoder in a separate thread. If the decoder hangs, ends the thread and returns the input as the failing one. */
export async function watchedFuzz(decoder: string, limits: FuzzLimits): Promise<Fuzzed> {
  const note = new SharedArrayBuffer(8 + inputBytesMax);
  const worker = new Worker(new URL("./fuzz-worker.ts", import.meta.url));
  try {
    const finished = new Promise<Fuzzed>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Fuzzed>) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage({ ...limits, decoder, corpus: readCorpus(decoder), note } satisfies FuzzOrder);
    return await Promise.race([finished, untilSilent(note)]);
  } finally {
    worker.terminate();
  }
}

async function untilSilent(note: SharedArrayBuffer): Promise<Fuzzed> {
  const counters = new Int32Array(note, 0, 2);
  let [seen, sinceMs] = [-1, performance.now()];
  while (performance.now() - sinceMs < patienceMs(silenceMsMax)) {
    await Bun.sleep(lookMs);
    const count = Atomics.load(counters, 0);
    if (count !== seen) [seen, sinceMs] = [count, performance.now()];
  }
  const input = copyOf(new Uint8Array(note, 8), 0, counters[1]);
  return { runs: seen, outcomes: 0, fault: { input, why: "it never ends" } };
}

/** Returns the corpus of a decoder, which is tried first: some valid inputs, and each input that ever failed. */
export function readCorpus(decoder: string): readonly Uint8Array[] {
  const folder = join(corpusFolder, decoder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .toSorted()
    .map((name) => readFileSync(join(folder, name)));
}

/** Writes a failing input into the decoder's corpus, which each later run tries first. Returns the path of the new file. */
export function addToCorpus(decoder: string, input: Uint8Array): string {
  const folder = join(corpusFolder, decoder);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `found-${Bun.hash.wyhash(input).toString(16)}`);
  writeFileSync(path, input);
  return path;
}
