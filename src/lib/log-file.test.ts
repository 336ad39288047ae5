import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { openLogFile, type LogFileOptions } from "./log-file.ts";

let folder: string;
let clock: FakeClock;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "praetor-log-"));
  clock = new FakeClock(1_000_000_000_000);
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(changes: Partial<LogFileOptions> = {}): (line: string) => void {
  const limits = { rotateBytes: 0, rotateAfterMs: 86_400_000, rotatedFilesMax: 0 };
  return openLogFile({ path: join(folder, "agent.log"), ...limits, clock, ...changes });
}

function files(): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

describe("a log file", () => {
  test("is appended to, also after a restart", () => {
    open()("one");
    open()("two");
    expect(files()).toEqual({ "agent.log": "one\ntwo\n" });
  });

  test("is not readable by other users, before and after a rotation", () => {
    const write = open({ rotateBytes: 2 });
    write("one");
    write("two");
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(modes).toEqual([0o640, 0o640]);
  });

  test("is rotated at its size limit, which includes the bytes that an earlier run wrote", async () => {
    open()("12345");
    const write = open({ rotateBytes: 6 });
    write("new");
    expect(files()).toEqual({ "agent.log": "new\n", "agent.log.1000000000000": "12345\n" });
  });

  test("is rotated by its size in bytes, not in characters", () => {
    const write = open({ rotateBytes: 6 });
    for (const line of ["ééé", "b"]) write(line);
    expect(files()["agent.log"]).toBe("b\n");
  });

  test("is rotated when it reaches its age limit, unless it is empty", async () => {
    const write = open({ rotateAfterMs: 1_000 });
    await clock.advance(1_000);
    write("one");
    await clock.advance(1_000);
    write("two");
    expect(Object.values(files()).toSorted()).toEqual(["one\n", "two\n"]);
  });

  test("is not rotated by a jump of the wall clock", () => {
    const write = open({ rotateAfterMs: 1_000 });
    write("one");
    clock.jumpWall(1e12);
    write("two");
    expect(files()).toEqual({ "agent.log": "one\ntwo\n" });
  });

  test.each([
    [0, 5],
    [2, 2],
    [-1, 0],
  ])("with rotatedFilesMax %d keeps %d of its five rotated files", async (rotatedFilesMax, left) => {
    const write = open({ rotateBytes: 1, rotatedFilesMax });
    for (let line = 0; line < 6; line += 1) {
      write(String(line));
      await clock.advance(1);
    }
    const old = Object.keys(files()).filter((name) => name !== "agent.log");
    expect(old).toHaveLength(left);
    expect(files()["agent.log"]).toBe("5\n");
    if (left > 0) expect(files()[old.toSorted().at(-1) ?? ""]).toBe("4\n");
  });

  test("loses its oldest rotated files first, even if the clock began in 1970", async () => {
    for (const at of ["5000", "60000"]) writeFileSync(join(folder, `agent.log.${at}`), "1970");
    const write = open({ rotateBytes: 1, rotatedFilesMax: 2 });
    for (const line of ["one", "two"]) write(line);
    expect(Object.keys(files()).toSorted()).toEqual(["agent.log", "agent.log.1000000000000", "agent.log.60000"]);
  });

  test("never deletes other files in its folder when it is rotated", () => {
    for (const name of ["agent.log.bak", "agent.log.1.gz", "agent.log2.7"]) writeFileSync(join(folder, name), "mine");
    const write = open({ rotateBytes: 1, rotatedFilesMax: -1 });
    for (const line of ["one", "two"]) write(line);
    expect(Object.keys(files()).toSorted()).toEqual(["agent.log", "agent.log.1.gz", "agent.log.bak", "agent.log2.7"]);
  });

  test("that cannot be opened at the start is an error; one that becomes unwritable later loses lines without an error", () => {
    expect(() => open({ path: join(folder, "no", "agent.log") })).toThrow("Choose another with -log-file");
    const write = open();
    rmSync(folder, { recursive: true });
    expect(() => write("lost")).not.toThrow();
    folder = mkdtempSync(join(tmpdir(), "praetor-log-"));
  });
});
