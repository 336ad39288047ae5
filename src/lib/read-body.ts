export interface BodyLimit {
  readonly bytesMax: number;
  /** The error for a body of so many bytes, or of more. */
  readonly refuse: (bytes: number) => Error;
}

/**
 * The whole body of a request.
 * @throws what `refuse` makes, before more than `bytesMax` is read
 */
export async function readBody(request: Request, limit: BodyLimit): Promise<Uint8Array> {
  const announced = Number(request.headers.get("content-length") ?? 0);
  if (announced > limit.bytesMax) throw limit.refuse(announced);
  return announced > 0 ? request.bytes() : readUpTo(limit, request.body);
}

/** Of a body of a length that nobody has announced, no more is read than is allowed. */
async function readUpTo({ bytesMax, refuse }: BodyLimit, body: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > bytesMax) throw refuse(length);
  }
  return Buffer.concat(chunks);
}
