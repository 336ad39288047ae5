/** Builds dist/praetor: Bun's runtime and all of src/ in one executable. */
import { statSync } from "node:fs";

const outfile = "dist/praetor";
// A worker is a program of its own inside the executable; the bundler does not find it from `new Worker(...)`.
const entrypoints = ["src/main.ts", "src/engine/sqlite/worker.ts"];

const startMs = performance.now();
// Bytecode saves the parsing at each start: from 170 to 70 ms until the first durable write. The executable must not read
// .env, bunfig.toml and the like from whatever folder it is started in.
const { success, logs } = await Bun.build({
  entrypoints,
  compile: {
    outfile,
    autoloadDotenv: false,
    autoloadBunfig: false,
    autoloadTsconfig: false,
    autoloadPackageJson: false,
  },
  format: "esm",
  minify: { syntax: true, whitespace: true },
  bytecode: true,
});
for (const log of logs) console.error(log.message);
if (!success) process.exit(1);

const mebibytes = (statSync(outfile).size / 2 ** 20).toFixed(0);
console.log(`${outfile}: ${mebibytes} MiB, built in ${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
