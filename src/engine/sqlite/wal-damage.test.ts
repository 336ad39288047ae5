import { afterEach, beforeEach, expect, test } from "bun:test";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeRows, encodeBatch } from "./batch-codec.ts";
import { RowFile } from "./row-file.ts";
import { findWalDamage } from "./wal-damage.ts";

const batches = 12;
const frameBytes = 24 + 4_096;
let root: string;
let folder: string;
let wal: string;
let store: RowFile;

/** Copies the files of an open store, as a killed agent leaves them: the WAL has the batches, one frame each. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "praetor-wal-damage-"));
  store = RowFile.open(join(root, "open"));
  store.load(() => {});
  for (let revision = 1; revision <= batches; revision++) {
    store.commit(encodeBatch({ revision, changes: [{ table: "t", key: `${revision}`, value: Buffer.from("value") }] }));
    store.maintain();
  }
  folder = join(root, "left");
  wal = join(folder, "praetor.db-wal");
  cpSync(join(root, "open"), folder, { recursive: true });
});
afterEach(() => {
  store.close();
  rmSync(root, { recursive: true });
});

function revisionLeft(): number | undefined {
  const left = RowFile.open(folder);
  try {
    let revision: number | undefined;
    left.load((block) => (revision = decodeRows(block).revision));
    return revision;
  } finally {
    left.close();
  }
}

function revisionOrRefusal(): number | undefined {
  try {
    return revisionLeft();
  } catch (error) {
    expect(String(error)).toContain("its WAL is invalid at byte");
    return undefined;
  }
}

function frameAt(batch: number): number {
  return 32 + (batch - 1) * frameBytes;
}

function damage(change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(wal);
  change(bytes);
  writeFileSync(wal, bytes);
}

test("an undamaged WAL of a killed agent is accepted and read to its end", () => {
  expect(findWalDamage(wal, () => 0)).toBeUndefined();
  expect(revisionLeft()).toBe(batches);
});

test("a WAL with a flipped bit before the newest batch is refused with the offset, and no file changes", () => {
  for (let batch = 1; batch < batches; batch++) {
    damage((bytes) => bytes.writeUInt8(bytes.readUInt8(frameAt(batch) + 4_000) ^ 4, frameAt(batch) + 4_000));
    const before = [readFileSync(wal), readFileSync(join(folder, "praetor.db"))];
    const place = `praetor.db is damaged: its WAL is invalid at byte ${frameAt(batch)}`;
    expect(revisionLeft).toThrow(place);
    expect([readFileSync(wal), readFileSync(join(folder, "praetor.db"))]).toEqual(before);
    cpSync(join(root, "open"), folder, { recursive: true });
  }
});

test("a zeroed disk block in a long WAL loses at most the two newest batches, or the store is refused", () => {
  for (let at = 0; at < frameAt(batches + 1); at += 4_096) {
    damage((bytes) => bytes.fill(0, at, Math.min(at + 4_096, bytes.byteLength)));
    const left = revisionOrRefusal();
    if (left !== undefined) expect(left).toBeGreaterThanOrEqual(batches - 2);
    rmSync(folder, { recursive: true });
    cpSync(join(root, "open"), folder, { recursive: true });
  }
});

test.each([1, 2, 3, 4, 5])(
  "a zeroed disk block in a WAL of %i batches loses at most two of them, or the store is refused",
  (count) => {
    rmSync(folder, { recursive: true });
    store.close();
    store = RowFile.open(join(root, "open"));
    store.load(() => {});
    for (let revision = batches + 1; revision <= batches + count; revision++)
      store.commit(
        encodeBatch({ revision, changes: [{ table: "t", key: `${revision}`, value: Buffer.from("value") }] }),
      );
    for (let at = 0; at < frameAt(count + 1); at += 4_096) {
      cpSync(join(root, "open"), folder, { recursive: true });
      damage((bytes) => bytes.fill(0, at, Math.min(at + 4_096, bytes.byteLength)));
      const left = revisionOrRefusal();
      if (left !== undefined) expect(left).toBeGreaterThanOrEqual(batches + count - 2);
      rmSync(folder, { recursive: true });
    }
  },
);

test("a WAL with a flipped bit in a frame's checksum or salts, or in the WAL's header, is refused", () => {
  for (const at of [frameAt(5) + 17, frameAt(5) + 9, 0, 3, 17, 25]) {
    damage((bytes) => bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at));
    expect(revisionLeft).toThrow("its WAL is invalid at byte");
    cpSync(join(root, "open"), folder, { recursive: true });
  }
});

test("a torn write of the newest batch counts as the end of the WAL, not as damage", () => {
  for (const [from, to, byte] of [
    [0, frameBytes, 0],
    [512, 1_024, 7],
  ] as const) {
    damage((bytes) => bytes.fill(byte, frameAt(batches) + from, frameAt(batches) + to));
    expect(revisionLeft()).toBe(batches - 1);
    cpSync(join(root, "open"), folder, { recursive: true });
  }
});
