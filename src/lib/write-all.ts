import { writeSync } from "node:fs";

/** How often a full pipe is tried again, a millisecond apart, before what is left of the text is dropped. */
const triesMax = 50;

/**
 * Writes text, or bytes as they are, to a file descriptor. A full pipe is waited for a moment; a reader who has stopped or gone must neither
 * hold up nor end the program, so what it does not take is dropped.
 */
export function writeAll(descriptor: number, text: string | Uint8Array): void {
  let bytes = typeof text === "string" ? Buffer.from(text) : Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  for (let tries = 0; bytes.length > 0 && tries < triesMax;) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      if (!isFull(error)) return;
      tries += 1;
      Bun.sleepSync(1);
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
