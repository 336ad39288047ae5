/**
 * A program that opens the engine in the folder that its argument names, and commits batches, several at a time, until a test
 * kills the program. It prints "ready", then the revision of each committed batch, one on each line.
 */
import { writeSync } from "node:fs";
import { openSqliteEngine } from "../../src/engine/sqlite/sqlite-engine.ts";
import { trialBatch } from "./trial-batch.ts";

const underWayMax = 8;

const { engine, revision } = await openSqliteEngine({ folder: process.argv[2] ?? "" });
say("ready");
let next = revision;
await Promise.all(Array.from({ length: underWayMax }, commitForever));

async function commitForever(): Promise<never> {
  for (;;) {
    const batch = trialBatch(++next);
    await engine.commit(batch);
    say(String(batch.revision));
  }
}

/** Prints the line synchronously, so that the line is written before the next commit. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
