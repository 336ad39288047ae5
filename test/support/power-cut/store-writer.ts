/**
 * A program whose system calls are recorded: opens the store in the folder given, commits so many batches and folds as the
 * agent's thread does, and says "begins N" and "holds N" around each, first of what it found. Its end is "close", or "leave", which leaves the
 * WAL behind.
 */
import { writeSync } from "node:fs";
import { encodeBatch } from "../../../src/engine/sqlite/batch-codec.ts";
import { RowFile } from "../../../src/engine/sqlite/row-file.ts";
import { trialBatch } from "../trial-batch.ts";
import { revisionIn, smallLimits } from "./small-store.ts";

const [folder = "", batches = "0", end = "leave"] = process.argv.slice(2);
const store = RowFile.open(folder, smallLimits);
let revision = revisionIn(store);
writeSync(1, `holds ${revision}\n`);

for (let n = 0; n < Number(batches); n++) {
  writeSync(1, `begins ${revision + 1}\n`);
  store.commit(encodeBatch(trialBatch(++revision)));
  writeSync(1, `holds ${revision}\n`);
  // Some folds are done at leisure, between most commits there is time for a step or two.
  if (store.keepInShape()) for (let steps = revision % 3 === 0 ? 100 : 1; steps > 0 && store.foldOn(); steps--);
}
if (end === "close") store.close();
// Without what the runtime does at its end.
process.kill(process.pid, "SIGKILL");
