import type { OutputTail } from "../lib/output-tail.ts";

/** Length in bytes of a frame's header: the stream's number, three zero bytes, and the length of the content. */
const headerBytes = 8;
const streamMax = 2;
const none: Buffer = Buffer.alloc(0);

/**
 * Decodes the output of a command in a container. With Tty, Docker sends both streams as one without headers; Podman still
 * puts a header before each piece. Consul shows these headers in a check's output; this class removes them.
 */
export class ExecOutput {
  readonly #tail: OutputTail;
  #isFramed: boolean | undefined;
  /** The received part of an incomplete header. */
  #pending = none;
  /** Number of bytes of the current frame that have not arrived. */
  #left = 0;

  constructor(tail: OutputTail) {
    this.#tail = tail;
  }

  write(bytes: Buffer): void {
    let rest = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes]);
    this.#pending = none;
    if (this.#isFramed === undefined && rest.length >= headerBytes) this.#isFramed = isHeader(rest);
    if (this.#isFramed === false) return this.#tail.write(rest);
    while (rest.length > 0) {
      if (this.#left === 0 && rest.length < headerBytes) {
        this.#pending = rest;
        return;
      }
      if (this.#left === 0) {
        this.#left = rest.readUInt32BE(headerBytes - 4);
        rest = rest.subarray(headerBytes);
      }
      const taken = rest.subarray(0, this.#left);
      this.#tail.write(taken);
      this.#left -= taken.length;
      rest = rest.subarray(taken.length);
    }
  }

  /** Ends the output. An output that is shorter than a header has no headers, so all of its bytes are content. */
  end(): void {
    if (this.#isFramed === undefined) this.#tail.write(this.#pending);
  }
}

function isHeader(bytes: Buffer): boolean {
  return bytes.readUInt8() <= streamMax && bytes.readUIntBE(1, 3) === 0;
}
