/** Builds dist/praetor: Bun's runtime and all of src/ in one executable. */
import { statSync } from "node:fs";
import { compileProgram } from "./compile-program.ts";

const outfile = "dist/praetor";

const startMs = performance.now();
if (!(await compileProgram(["src/main.ts", "src/engine/sqlite/worker.ts", "src/cluster/own-etcd/worker.ts"], outfile)))
  process.exit(1);

const mebibytes = (statSync(outfile).size / 2 ** 20).toFixed(0);
console.log(`${outfile}: ${mebibytes} MiB, built in ${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
