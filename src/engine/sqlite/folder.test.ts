import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { OpenedEngine } from "../engine.ts";
import { openSqliteEngine } from "./sqlite-engine.ts";

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), "praetor-folder-"))));
afterEach(() => rmSync(root, { recursive: true }));

function refusal(folder: string): Promise<unknown> {
  return openSqliteEngine({ folder }).then(
    () => "it opened",
    (error: unknown) => error,
  );
}

async function withEngine(folder: string, use: (opened: OpenedEngine) => Promise<void>): Promise<void> {
  const opened = await openSqliteEngine({ folder });
  try {
    await use(opened);
  } finally {
    await opened.engine.close();
  }
}

const unusable = { kind: "unavailable", code: "data-folder-unusable" };

describe("the store's data folder", () => {
  test("is created so that only its owner can access the folder and the files in it", async () => {
    const folder = join(root, "a", "b", "data");
    await withEngine(folder, async () => {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    });
  });

  test("keeps its permissions and other files when it exists already", async () => {
    chmodSync(root, 0o755);
    writeFileSync(join(root, "node-id"), "x");
    await withEngine(root, async () => {});
    expect(statSync(root).mode & 0o777).toBe(0o755);
    expect(readdirSync(root).toSorted()).toEqual(["node-id", "praetor.db"]);
  });

  test("has one file and its WAL while the store is open, and one file when it is closed", async () => {
    await withEngine(root, async ({ engine }) => {
      await engine.commit({ revision: 1, changes: [] });
      expect(readdirSync(root).toSorted()).toEqual(["praetor.db", "praetor.db-wal"]);
    });
    expect(readdirSync(root)).toEqual(["praetor.db"]);
  });

  test("must not be a file or lie below a file: the error names the path", async () => {
    writeFileSync(join(root, "file"), "x");
    expect(await refusal(join(root, "file", "data"))).toMatchObject(unusable);
    expect(await refusal(join(root, "file"))).toMatchObject(unusable);
    expect(String(await refusal(join(root, "file")))).toContain(join(root, "file"));
  });

  test("that the agent cannot create is an error", async () => {
    expect(await refusal("/proc/praetor/data")).toMatchObject(unusable);
  });

  const noMount = spawnSync("mount", ["--version"]).status !== 0 || process.getuid?.() !== 0;
  test.skipIf(noMount)(
    "on a read-only file system is refused, with or without a store in it (needs root to mount one)",
    async () => {
      const folder = join(root, "mounted");
      mkdirSync(folder);
      if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status !== 0) return;
      try {
        const remount = (mode: string): unknown => spawnSync("mount", ["-o", `remount,${mode}`, folder]);
        remount("ro");
        expect(await refusal(folder)).toMatchObject(unusable);
        remount("rw");
        await withEngine(folder, async () => {});
        remount("ro");
        expect(await refusal(folder)).toMatchObject(unusable);
        expect(readdirSync(folder)).toEqual(["praetor.db"]);
      } finally {
        spawnSync("umount", [folder]);
      }
    },
  );
});

describe("the lock of a store's file", () => {
  test("refuses a second agent while the first has the store open, and the error names the first's process", async () => {
    await withEngine(root, async ({ engine }) => {
      const error = await refusal(root);
      expect(error).toMatchObject({ kind: "conflict", code: "data-locked" });
      if (existsSync("/proc/locks")) expect(String(error)).toContain(`process ${process.pid}`);
      await engine.commit({ revision: 1, changes: [] });
    });
    await withEngine(root, async ({ revision }) => expect(revision).toBe(1));
  });

  test("lets exactly one of several agents that start at once in a new folder open the store", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => openSqliteEngine({ folder: root })));
    const opened = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(opened.length).toBe(1);
    for (const outcome of opened) await outcome.value.engine.close();
    expect(readdirSync(root)).toEqual(["praetor.db"]);
  });

  test("is not held by an agent whose opening of the store was refused", async () => {
    await withEngine(root, async () => {});
    writeFileSync(join(root, "praetor.db"), "damaged");
    await refusal(root);
    rmSync(join(root, "praetor.db"));
    await withEngine(root, async ({ rows }) => expect(rows).toEqual([]));
  });
});
