/** Builds dist/praetor: Bun's runtime and all of src/ in one executable. */
import { statSync } from "node:fs";
import { compilePraetor } from "./compile-praetor.ts";

const outfile = "dist/praetor";

const startMs = performance.now();
if (!(await compilePraetor(outfile))) process.exit(1);

const mebibytes = (statSync(outfile).size / 2 ** 20).toFixed(0);
console.log(`${outfile}: ${mebibytes} MiB, built in ${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
