import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeEngine } from "../engine.suite.ts";
import { openSqliteEngine } from "./sqlite-engine.ts";

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), "praetor-engine-"));
}

describeEngine("sqlite", () => {
  const folder = newFolder();
  return { open: () => openSqliteEngine({ folder }), remove: () => rmSync(folder, { recursive: true }) };
});

test("overwriting one row many times keeps the file and the WAL small, and closing removes the WAL", async () => {
  const folder = newFolder();
  const { engine } = await openSqliteEngine({ folder });
  const wal = join(folder, "praetor.db-wal");
  const mebibyte = 1 << 20;
  let largest = 0;
  for (let revision = 1; revision <= 40; revision++) {
    await engine.commit({ revision, changes: [{ table: "t", key: "a", value: new Uint8Array(mebibyte) }] });
    largest = Math.max(largest, statSync(wal).size);
  }
  // The WAL holds at most 4 MiB and the transaction that exceeded this limit.
  expect(largest).toBeLessThan(6 * mebibyte);
  await engine.close();
  expect(statSync(wal, { throwIfNoEntry: false })).toBeUndefined();
  // The file has the row, 6 MiB of logged batches, and the batches that were logged during a fold.
  expect(statSync(join(folder, "praetor.db")).size).toBeLessThan(10 * mebibyte);
  rmSync(folder, { recursive: true });
});
