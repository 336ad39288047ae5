import { gunzipSync, gzipSync } from "node:zlib";

type Turn = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;

const { setImmediate: nextTurn, CompressionStream, DecompressionStream } = globalThis;

const busy = {
  /** Number of callers that wait for a turn of the event loop. */
  waiting: 0,
  /** Number of callers that read or write streams of the runtime, whose turns cannot be observed. */
  streaming: 0,
};
const turnsOfStreams = 20;

/**
 * Calls `run`, and meanwhile replaces the parts of the runtime whose timing the seed does not decide: streams compress
 * synchronously instead of in other threads, and `setImmediate` counts the callers that wait for it. Returns the result of `run`.
 */
export async function withTimelessPlatform<T>(run: () => Promise<T>): Promise<T> {
  Object.assign(globalThis, {
    setImmediate: countedTurn,
    CompressionStream: instant(gzipSync),
    DecompressionStream: instant(gunzipSync),
  });
  try {
    return await run();
  } finally {
    Object.assign(busy, { waiting: 0, streaming: 0 });
    Object.assign(globalThis, { setImmediate: nextTurn, CompressionStream, DecompressionStream });
  }
}

/** Gives the event loop turns until all code has run that does not wait for time to pass. */
export async function settleWholly(): Promise<void> {
  for (let turns = 0; turns < (busy.streaming > 0 ? turnsOfStreams : 1) || busy.waiting > 0; turns += 1)
    await new Promise<void>((resolve) => nextTurn(resolve));
}

/**
 * Runs a task that uses streams, and returns its result. Until the task ends, `settleWholly` gives the event loop enough turns
 * for streams.
 */
export async function withStreams<T>(task: () => Promise<T>): Promise<T> {
  busy.streaming += 1;
  try {
    return await task();
  } finally {
    busy.streaming -= 1;
  }
}

function countedTurn(run: () => void): NodeJS.Immediate {
  busy.waiting += 1;
  return nextTurn(() => {
    busy.waiting -= 1;
    run();
  });
}

function instant(turn: Turn): new () => TransformStream<Uint8Array, Uint8Array> {
  return class extends TransformStream<Uint8Array, Uint8Array> {
    constructor() {
      const blocks: Uint8Array[] = [];
      super({
        transform: (block) => void blocks.push(block),
        flush: (controller) => controller.enqueue(turn(new Uint8Array(Buffer.concat(blocks)))),
      });
    }
  };
}
