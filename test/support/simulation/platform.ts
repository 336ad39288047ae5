import { gunzipSync, gzipSync } from "node:zlib";

type Turn = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;

const { setImmediate: nextTurn, CompressionStream, DecompressionStream } = globalThis;

const busy = {
  /** How many have asked for their turn, and have not had it. */
  waiting: 0,
  /** How many read or write streams of the platform, which take turns that nobody asks for. */
  streaming: 0,
};
const turnsOfStreams = 20;

/**
 * What of the platform takes a time that no seed decides. While `run` runs, streams compress at once instead of in other
 * threads, and it is known who still waits for a turn.
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

/** Lets everything go on that can without time going by. */
export async function settleWholly(): Promise<void> {
  for (let turns = 0; turns < (busy.streaming > 0 ? turnsOfStreams : 1) || busy.waiting > 0; turns += 1)
    await new Promise<void>((resolve) => nextTurn(resolve));
}

/** Until it is done, streams have their turns. */
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
