import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeRandom } from "../../../test/support/fake-random.ts";
import { rowsAfter } from "../../../test/support/trial-batch.ts";
import type { Row } from "../engine.ts";
import { openSqliteEngine } from "./sqlite-engine.ts";

const cycles = 60;
const seed = 20;
const program = join(import.meta.dir, "../../../test/support/engine-writer.ts");

/** Starts a process that writes batches, kills it, and returns the number of the newest batch that it acknowledged. */
async function writeAndKill(folder: string, random: FakeRandom): Promise<number> {
  const writer = Bun.spawn([process.execPath, program, folder], { stdout: "pipe", stderr: "inherit" });
  const linesWanted = 1 + Math.floor(random.uniform() ** 3 * 150);
  let output = "";
  for await (const part of writer.stdout.pipeThrough(new TextDecoderStream())) {
    output += part;
    if (output.split("\n").length <= linesWanted) continue;
    // Kills at a random time within the following commits, not only right after an acknowledgement.
    await Bun.sleep(random.uniform() * 3);
    writer.kill("SIGKILL");
  }
  await writer.exited;
  expect(output).toStartWith("ready");
  return Math.max(0, ...output.split("\n").slice(1, -1).map(Number));
}

test(`a store killed ${cycles} times while writing opens with every acknowledged batch, and no partial one`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "praetor-kill-"));
  const random = new FakeRandom(seed);
  let newest = 0;
  let acknowledgedInAll = 0;
  for (let cycle = 0; cycle < cycles; cycle++) {
    const acknowledged = await writeAndKill(folder, random);
    const { engine, revision, rows } = await openSqliteEngine({ folder });
    await engine.close();
    expect(revision).toBeGreaterThanOrEqual(Math.max(acknowledged, newest));
    expect(readable(rows)).toEqual(readable(rowsAfter(revision)));
    acknowledgedInAll += Math.max(0, acknowledged - newest);
    newest = revision;
  }
  expect(acknowledgedInAll).toBeGreaterThan(cycles);
  rmSync(folder, { recursive: true });
});

function readable(rows: readonly Row[]): readonly string[] {
  return rows.map((row) => `${row.key}: ${row.value.byteLength} bytes, ${Bun.hash.crc32(row.value)}`).toSorted();
}
