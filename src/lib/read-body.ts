import type { Clock } from "./clock.ts";

export interface BodyLimit {
  readonly bytesMax: number;
  readonly clock: Clock;
  /** For a body of so many bytes, or of more. */
  readonly tooLarge: (bytes: number) => Error;
  /** For one that has not come after so long. */
  readonly tooSlow: (ms: number) => Error;
  /** For one whose sender went away: nobody reads it. */
  readonly gone: () => Error;
}

/** A value of half a megabyte comes in time over 140 kbit/s. */
const msMax = 30_000;

/**
 * The whole body of a request, if it comes in time, so that nobody keeps a place by sending slowly.
 * @throws the limit's errors, before more than `bytesMax` is read
 */
export async function readBody(request: Request, limit: BodyLimit): Promise<Uint8Array> {
  const { bytesMax, tooLarge } = limit;
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > bytesMax) throw tooLarge(announced);
  const body = await inTime(announced > 0 ? request.bytes() : readUpTo(bytesMax, request.body), request, limit);
  if (body.length > bytesMax) throw tooLarge(body.length);
  return body;
}

function inTime(
  reading: Promise<Uint8Array>,
  { signal }: Request,
  { clock, tooSlow, gone }: BodyLimit,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const timer = clock.schedule(msMax, () => reject(tooSlow(msMax)));
    reading.then(
      (body) => {
        timer.cancel();
        resolve(body);
      },
      (error: unknown) => {
        timer.cancel();
        reject(signal.aborted ? gone() : error);
      },
    );
  });
}

/** Of a body of a length that nobody has announced, no more is read than shows that it is too long. */
async function readUpTo(bytesMax: number, body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > bytesMax) break;
  }
  return Buffer.concat(chunks);
}
