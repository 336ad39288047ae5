type Bytes = Uint8Array<ArrayBuffer>;

/** A body in pieces of some ten KiB. Joining those of a body of 5 MiB would keep the agent's thread busy for up to 25 ms. */
export class Pieces {
  readonly all: readonly Bytes[];
  /** Size of the body in bytes. */
  readonly length: number;

  constructor(all: readonly Bytes[]) {
    this.all = all;
    this.length = all.reduce((sum, { length }) => sum + length, 0);
  }

  /** Returns the pieces of a body, without copying it. */
  static of(body: string | Bytes | Pieces): Pieces {
    if (body instanceof Pieces) return body;
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const starts = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_none, at) => at * pieceBytes);
    return new Pieces(starts.map((start) => bytes.subarray(start, start + pieceBytes)));
  }
}

const pieceBytes = 256 * 1_024;
