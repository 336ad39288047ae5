/**
 * Measures the upper limit of SQLite's commits. In a loop without other work, the program inserts blocks of a given size into a
 * table like the agent's log of batches, each block as one row with one sync. Prints the commits per second.
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import { logSchema } from "../../src/engine/sqlite/batch-log.ts";

export interface BareStoreTask {
  /** The empty folder in which the program creates its database. */
  readonly folder: string;
  readonly blockBytes: number;
  readonly seconds: number;
}

const { folder, blockBytes, seconds }: BareStoreTask = JSON.parse(process.argv[2] ?? "");

const database = new Database(join(folder, "bare.db"), { create: true, strict: true });
database.run("PRAGMA locking_mode = EXCLUSIVE");
// These settings equal those of src/engine/sqlite/row-file.ts.
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
