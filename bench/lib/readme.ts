import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const path = join(import.meta.dir, "../README.md");

/** The markers around the generated parts of bench/README.md. */
const places = {
  results: { begin: "<!-- results: written by make bench -->", end: "<!-- end of results -->" },
  growth: { begin: "<!-- growth: written by make growth -->", end: "<!-- end of growth -->" },
} as const;

/** Replaces the text between two markers of bench/README.md. */
export function writeResults(place: keyof typeof places, results: string): void {
  const { begin, end } = places[place];
  const text = readFileSync(path, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${path} has lost its markers ${begin} and ${end}`);
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n\n${results}\n\n${text.slice(to)}`);
}
