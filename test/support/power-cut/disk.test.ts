import { describe, expect, test } from "bun:test";
import { FakeRandom } from "../fake-random.ts";
import { contentAfter } from "./crash-state.ts";
import { Disk } from "./disk.ts";
import { powerCuts } from "./power-cuts.ts";
import { type FileEvent, readSystemCalls } from "./system-calls.ts";

const opened: FileEvent = { kind: "open", fd: 3, path: "/r/f", makes: true, cuts: false };
const openedFolder: FileEvent = { kind: "open", fd: 4, path: "/r", makes: false, cuts: false };
const syncedFolder: FileEvent = { kind: "sync", fd: 4, path: "/r" };

function written(at: number, text: string): FileEvent {
  return { kind: "write", fd: 3, at, data: Buffer.from(text) };
}

/** Returns the distinct contents of the file that a power cut after the events can leave; "-" when the file has no name. */
function left(...events: readonly FileEvent[]): string[] {
  const disk = new Disk("/r");
  for (const event of events) disk.apply(event);
  const found = new Set<string>();
  for (const cut of powerCuts(disk, new FakeRandom(1), 50)) {
    if (cut.noise !== undefined) continue;
    const file = contentAfter(disk, cut).get("/r/f");
    found.add(file instanceof Buffer ? file.toString("latin1").replaceAll("\0", ".") : "-");
  }
  return [...found].toSorted();
}

describe("in the model of a disk", () => {
  const synced: FileEvent[] = [opened, written(0, "old"), { kind: "sync", fd: 3, path: "/r/f" }];

  test("a synced file in an unsynced folder may have no name after a power cut", () => {
    expect(left(...synced)).toEqual(["-", "old"]);
    expect(left(...synced, openedFolder, syncedFolder)).toEqual(["old"]);
  });

  test("a sync of a file's folder makes none of the file's bytes durable", () => {
    expect(left(opened, openedFolder, syncedFolder, written(0, "new"))).toEqual(["", "...", "new"]);
  });

  test("a page with two unsynced writes may have none, the first or both after a power cut", () => {
    const names = [openedFolder, syncedFolder];
    expect(left(...synced, ...names, written(0, "a"), written(1, "b"))).toEqual(["abd", "ald", "old"]);
  });

  test("a removed file, or a truncated part of a file, may exist again after a power cut before the next sync", () => {
    const names = [openedFolder, syncedFolder];
    expect(left(...synced, ...names, { kind: "unlink", path: "/r/f" })).toEqual(["-", "old"]);
    expect(left(...synced, ...names, { kind: "cut", fd: 3, size: 1 })).toEqual(["o", "o..", "old"]);
  });

  test("a page may have new and old sectors after a power cut", () => {
    const names = [openedFolder, syncedFolder];
    const torn = left(opened, ...names, written(0, "x".repeat(4_096))).map((text) => text.lastIndexOf("x") + 1);
    for (const length of torn) expect(length % 512).toBe(0);
    expect(torn).toContain(512);
  });
});

describe("the parser of strace's output", () => {
  test("reads calls on files below the folder, including interrupted calls, and skips failed calls", () => {
    const trace = String.raw`
7  openat(AT_FDCWD</>, "\x2f\x72\x2f\x66", O_RDWR|O_CREAT, 0600) = 3<\x2f\x72\x2f\x66>
7  pwrite64(3<\x2f\x72\x2f\x66>, "\x61\x62", 2, 5 <unfinished ...>
8  openat(AT_FDCWD</>, "\x2f\x65", O_RDONLY) = 4<\x2f\x65>
7  <... pwrite64 resumed>) = 2
7  unlink("\x2f\x72\x2f\x67") = -1 ENOENT (No such file or directory)
7  write(1<\x70\x69\x70\x65>, "\x68\x69", 2) = 2
7  fsync(3<\x2f\x72\x2f\x66> <unfinished ...>) = ?`;
    expect([...readSystemCalls(trace, "/r")]).toEqual([
      { kind: "open", fd: 3, path: "/r/f", makes: true, cuts: false },
      { kind: "write", fd: 3, at: 5, data: Buffer.from("ab") },
      { kind: "say", text: "hi" },
    ]);
  });

  test("throws at an unknown system call that could change a file", () => {
    const trace = '7  rename("/r/f", "/r/g") = 0';
    expect(() => [...readSystemCalls(trace, "/r")]).toThrow("does not know what becomes of rename(/r/f, /r/g)");
  });
});
