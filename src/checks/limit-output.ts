import type { OutputTail } from "../lib/output-tail.ts";

/** Returns the output of a script check. Consul: of an output above `bytesMax`, only the end, with a note before it. */
export function formatScriptOutput(tail: OutputTail, bytesMax: number): string {
  if (tail.bytesTotal <= bytesMax) return tail.text();
  return `Captured ${bytesMax} of ${tail.bytesTotal} bytes\n...\n${tail.text()}`;
}

/** Returns the output that a service reports. Consul: of an output above `bytesMax`, only the beginning, with a note after it. */
export function limitReportedOutput(output: string, bytesMax: number): string {
  if (output.length * 3 <= bytesMax) return output; // a UTF-16 unit is at most three bytes of UTF-8
  const bytes = new TextEncoder().encode(output);
  if (bytes.byteLength <= bytesMax) return output;
  const kept = new TextDecoder().decode(bytes.subarray(0, bytesMax));
  return `${kept} ... (captured ${bytesMax} of ${bytes.byteLength} bytes)`;
}
