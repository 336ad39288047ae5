/**
 * A program whose system calls are recorded. It opens the store in the given folder, commits the given number of batches, and
 * folds the log as the agent's thread does. It prints "holds N" for the revision that it found, then "begins N" before and
 * "holds N" after each batch. Its last argument is "close", or "leave", with which it leaves the WAL in the folder.
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
  // After two of three commits, only one step of the fold runs before the next commit.
  if (store.maintain()) for (let steps = revision % 3 === 0 ? 100 : 1; steps > 0 && store.continueFold(); steps--);
}
if (end === "close") store.close();
// SIGKILL skips the runtime's work at exit.
process.kill(process.pid, "SIGKILL");
