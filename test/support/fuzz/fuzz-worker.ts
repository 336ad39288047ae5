import { decoders } from "./decoders.ts";
import { type FuzzLimits, fuzz } from "./fuzz-loop.ts";

/** A worker's task: the decoder, the seed, and the shared memory into which the worker writes the input that it tries next. */
export interface FuzzOrder extends FuzzLimits {
  readonly decoder: string;
  readonly corpus: readonly Uint8Array[];
  readonly note: SharedArrayBuffer;
}

declare const self: Worker;

self.onmessage = async ({ data }: MessageEvent<FuzzOrder>): Promise<void> => {
  const decoder = decoders.find(({ name }) => name === data.decoder);
  if (!decoder) throw new Error(`there is no decoder ${data.decoder}`);
  const counters = new Int32Array(data.note, 0, 2);
  const octets = new Uint8Array(data.note, 8);
  const before = (input: Uint8Array): void => {
    octets.set(input);
    counters[1] = input.length;
    Atomics.add(counters, 0, 1);
  };
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  self.postMessage(await fuzz(decoder, data.corpus, { ...data, before }));
};
