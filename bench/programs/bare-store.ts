/**
 * What SQLite can commit at best: blocks of so many bytes, each a row of its own with a sync of its own, written into a table
 * as the agent's batches are, in a loop that does nothing else. Prints how many it committed in a second.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { logSchema } from "../../src/engine/sqlite/batch-log.ts";

export interface BareStoreTask {
  /** Empty. */
  readonly folder: string;
  readonly blockBytes: number;
  readonly seconds: number;
}

const { folder, blockBytes, seconds }: BareStoreTask = JSON.parse(process.argv[2] ?? "");

const database = new Database(join(folder, "bare.db"), { create: true, strict: true });
database.run("PRAGMA locking_mode = EXCLUSIVE");
// As src/engine/sqlite/row-file.ts has them.
database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000");
database.run(logSchema);
const append = database.prepare("INSERT INTO log VALUES (?1, ?2, ?3)");
const block = Buffer.alloc(blockBytes, "x");

const startMs = performance.now();
let commits = 0;
while (performance.now() - startMs < seconds * 1_000) {
  commits += 1;
  append.run(commits, block, commits);
}
console.log(JSON.stringify(commits / ((performance.now() - startMs) / 1_000)));
append.finalize();
database.close(true);
