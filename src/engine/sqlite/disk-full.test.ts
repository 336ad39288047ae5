import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine, RowChange } from "../engine.ts";
import { openSqliteEngine } from "./sqlite-engine.ts";

/** Mounts a small file system, which the tests fill, and returns its path, or undefined if this user may not mount. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "praetor-full-"));
  const mounted = process.getuid?.() === 0 && spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]);
  if (mounted && mounted.status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

const probe = mountSmallDisk();
if (probe !== undefined) unmount(probe);
const why = probe === undefined ? " (skipped: mounting a small disk takes root)" : "";

function unmount(folder: string): void {
  spawnSync("umount", [folder]);
  rmSync(folder, { recursive: true });
}

describe.skipIf(probe === undefined)(`a full disk${why}`, () => {
  let folder: string;
  let engine: Engine;
  beforeEach(async () => {
    folder = mountSmallDisk() ?? "";
    ({ engine } = await openSqliteEngine({ folder }));
  });
  afterEach(async () => {
    await engine.close();
    unmount(folder);
  });

  const big = (key: string): RowChange => ({ table: "t", key, value: new Uint8Array(200_000) });
  /** Returns a change whose value is larger than one step of the WAL's preallocation. */
  const bigger = (key: string): RowChange => ({ table: "t", key, value: new Uint8Array(500_000) });
  const small = (key: string): RowChange => ({ table: "t", key, value: Uint8Array.of(1) });

  /** Commits until the disk is full, and returns the acknowledged keys. */
  async function fill(): Promise<string[]> {
    const kept: string[] = [];
    for (let n = 0; n < 50; n++) {
      const error: unknown = await engine.commit({ revision: n + 1, changes: [big(`fill-${n}`)] }).then(
        () => kept.push(`fill-${n}`),
        (thrown: unknown) => thrown,
      );
      if (typeof error === "number") continue;
      expect(error).toMatchObject({ kind: "unavailable", code: "disk-full" });
      expect(String(error)).toContain(folder);
      return kept;
    }
    throw new Error("the disk did not fill up");
  }

  async function reopenedKeys(): Promise<string[]> {
    await engine.close();
    const opened = await openSqliteEngine({ folder });
    engine = opened.engine;
    return opened.rows.map((row) => row.key);
  }

  test("makes the store refuse a whole batch, keep all earlier ones and accept later ones that fit", async () => {
    const kept = await fill();
    expect(kept.length).toBeGreaterThan(0);
    await engine.commit({ revision: 100, changes: [small("after")] });
    expect(await reopenedKeys()).toEqual(["after", ...kept].toSorted());
  });

  test("does not prevent the store from deleting all rows, one batch after another", async () => {
    const kept = await fill();
    for (const [n, key] of kept.entries())
      await engine.commit({ revision: 100 + n, changes: [{ table: "t", key, value: undefined }] });
    expect(await reopenedKeys()).toEqual([]);
  });

  test("makes the store refuse only the batch that does not fit, among several committed at once", async () => {
    const tooBig = { table: "t", key: "too-big", value: new Uint8Array(3 << 20) };
    const outcomes = await Promise.allSettled([
      engine.commit({ revision: 1, changes: [small("a")] }),
      engine.commit({ revision: 2, changes: [small("half"), tooBig] }),
      engine.commit({ revision: 3, changes: [small("b")] }),
    ]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(await reopenedKeys()).toEqual(["a", "b"]);
  });

  test("that another program filled loses no acknowledged batch, and the store accepts writes once there is room", async () => {
    await engine.commit({ revision: 1, changes: [small("before")] });
    const filler = join(folder, "filler");
    try {
      writeFileSync(filler, new Uint8Array(4 << 20));
    } catch {
      // The disk is full, as intended.
    }
    const refused = await engine.commit({ revision: 2, changes: [bigger("refused")] }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "disk-full" });
    rmSync(filler);
    await engine.commit({ revision: 3, changes: [big("accepted")] });
    expect(await reopenedKeys()).toEqual(["accepted", "before"]);
  });
});
