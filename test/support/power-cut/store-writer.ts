/**
 * A program whose system calls are recorded. It opens the store in the given folder, commits batches, and moves logged batches
 * into the table of rows as the agent's thread does. It prints "begins N" and "holds N" around each batch, and at the start for
 * the batch that it found. It ends with "close", or with "leave", which leaves the WAL in the folder.
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
  // Sometimes only a step or two of that move run between commits, as on an idle agent.
  if (store.maintain()) for (let steps = revision % 3 === 0 ? 100 : 1; steps > 0 && store.continueFold(); steps--);
}
if (end === "close") store.close();
// SIGKILL skips the runtime's work at exit.
process.kill(process.pid, "SIGKILL");
