import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";

/*
 * Time limits that no test exceeds only because the machine is slow. A limit is stated for a quiet reference machine and
 * multiplied by this machine's slowness, which is measured with a fixed piece of work for processor and disk. The work lasts long
 * enough for the scheduler to run other processes meanwhile, so a busy machine measures as a slow one.
 */

const text = Buffer.from(
  Array.from({ length: 80_000 }, (_, n) => `${(n * 2_654_435_761) % 1_000_003} holds ${n % 97}\n`).join(""),
);
const syncs = 3;

/**
 * Duration of the piece of work on the reference machine, in milliseconds: two otherwise idle cores of an AMD EPYC, and a disk
 * that syncs in 2 ms.
 */
const referenceMs = 31;

/** How long a measurement is reused, in milliseconds. Tests ask for limits far more often than a machine's load changes. */
const measuredForMs = 5_000;

let slowest = 1;
let measuredMs = -Infinity;

/**
 * Returns how many times slower than the reference this machine is, at least 1. It is the highest value that this process has
 * measured, because the slow phase may be over when a test asks for its limit.
 */
export function slowness(): number {
  if (performance.now() - measuredMs < measuredForMs) return slowest;
  const startMs = performance.now();
  work();
  measuredMs = performance.now();
  slowest = Math.max(slowest, (measuredMs - startMs) / referenceMs);
  return slowest;
}

function work(): void {
  deflateSync(text);
  // The folder has a random name, because processes in other namespaces can have the same process id.
  const folder = mkdtempSync(join(tmpdir(), "praetor-patience-"));
  const file = openSync(join(folder, "file"), "w");
  for (let sync = 0; sync < syncs; sync++) {
    writeSync(file, text, 0, 4096, sync * 4096);
    fdatasyncSync(file);
  }
  closeSync(file);
  rmSync(folder, { recursive: true });
}

/** Scales a duration on a quiet reference machine to this machine, in milliseconds. */
export function patienceMs(quietMs: number): number {
  return quietMs * slowness();
}
