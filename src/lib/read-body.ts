import type { Clock } from "./clock.ts";

export interface BodyLimit {
  readonly bytesMax: number;
  readonly clock: Clock;
  /** Makes the error for a body of at least `bytes` bytes. */
  readonly tooLarge: (bytes: number) => Error;
  /** Makes the error for a body that was not complete after `ms`. */
  readonly tooSlow: (ms: number) => Error;
  /** Makes the error for a client that has disconnected; no response is sent then. */
  readonly gone: () => Error;
}

/** Milliseconds within which a body must arrive: enough for the largest value of a key, half a megabyte, at 140 kbit/s. */
const msMax = 30_000;

/**
 * Returns the whole body of a request. The time limit keeps a slow client from occupying a connection. If the body is too large,
 * little more than `bytesMax` bytes are read.
 * @throws the errors that `limit` makes
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

/** Reads a body without Content-Length, and stops once it exceeds `bytesMax`. */
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
