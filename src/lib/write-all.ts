import { writeSync } from "node:fs";

/** How often a full pipe is tried again, a millisecond apart, before what is left of the text is dropped. */
const triesMax = 50;

/**
 * Writes text, or bytes as they are, to a file descriptor. A full pipe is waited for a moment; a reader who has stopped or gone must neither
 * hold up nor end the program, so what it does not take is dropped. False when the reader has gone.
 */
export function writeAll(descriptor: number, text: string | Uint8Array): boolean {
  let bytes = typeof text === "string" ? Buffer.from(text) : Buffer.from(text.buffer, text.byteOffset, text.byteLength);
  for (let tries = 0; bytes.length > 0 && tries < triesMax;) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      if (!isCode(error, "EAGAIN")) return !isCode(error, "EPIPE");
      tries += 1;
      Bun.sleepSync(1);
    }
  }
  return true;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
