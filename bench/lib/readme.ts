import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const path = join(import.meta.dir, "../README.md");
const begin = "<!-- results: written by make bench -->";
const end = "<!-- end of results -->";

/** Puts the results between the markers of bench/README.md. */
export function writeResults(results: string): void {
  const text = readFileSync(path, "utf8");
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from === -1 || to < from) throw new Error(`${path} has lost its markers ${begin} and ${end}`);
  writeFileSync(path, `${text.slice(0, from + begin.length)}\n\n${results}\n\n${text.slice(to)}`);
}
