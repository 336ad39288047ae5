import { writeSync } from "node:fs";

/** Maximum number of retries when a pipe is full, a millisecond apart, before the rest is dropped. */
const triesMax = 50;

/**
 * Writes text or bytes to a file descriptor. Waits up to 50 ms while a pipe is full, then drops the rest: a reader that does
 * not read, or has exited, must neither block nor end the program. Returns false when the reader has closed the pipe.
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
