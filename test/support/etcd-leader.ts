/**
 * A program that a test stops and kills: a server that campaigns, and commits batches while it leads. It prints lines: "leads",
 * then the revision of each acknowledged batch, and at the end the code of the error.
 */
import { writeSync } from "node:fs";
import { openEtcdEngine } from "../../src/engine/etcd/etcd-engine.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { OperatingError } from "../../src/lib/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { trialBatch } from "./trial-batch.ts";

const [endpoint = "", prefix = "", electionMs] = process.argv.slice(2);
const log = createLog({ level: "error", json: false, clock: systemClock, sink: say }, "etcd");
const server = openEtcdEngine({ endpoints: [endpoint], prefix, name: "program", log, electionMs: Number(electionMs) });
const term = await server.campaign(new AbortController().signal);
say("leads");
try {
  for (let revision = (await server.newest()) + 1; ; revision++) {
    await term.commit(trialBatch(revision));
    say(String(revision));
  }
} catch (error) {
  say(error instanceof OperatingError ? error.code : String(error));
}
await server.close();

/** Prints the line synchronously, so that it is written before the next commit. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}
