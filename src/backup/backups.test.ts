import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { settle } from "../../test/support/settle.ts";
import { within } from "../../test/support/within.ts";
import { OperatingError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { Backups, type BackupsOptions } from "./backups.ts";

const startMs = Date.UTC(2026, 10, 30, 12);
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let parent: string;
let folder: string;
let clock: FakeClock;
let lines: string[];
/** Number of snapshots that were taken. */
let taken: number;
let running: { readonly stopping: AbortController; readonly ended: Promise<void> }[];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "praetor-backups-"));
  folder = join(parent, "backups");
  // The backups read and write real files, which end in no fixed number of turns: time goes on when they wait for it again.
  clock = new FakeClock(startMs, untilAsleep);
  [lines, taken, running] = [[], 0, []];
});
afterEach(async () => {
  for (const { stopping } of running) stopping.abort();
  await Promise.all(running.map(({ ended }) => ended));
  rmSync(parent, { recursive: true });
});

async function untilAsleep(): Promise<void> {
  await settle();
  while (clock.timerCount === 0 && running.some(({ stopping }) => !stopping.signal.aborted)) await settle();
}

/** Starts backups; resolves when they have made those that are due. */
async function start(changes: Partial<BackupsOptions> = {}): Promise<Backups> {
  const sink = (line: string): void => void lines.push(line);
  const backups = new Backups({
    ...{ folder, intervalMs: 24 * hourMs, keep: 7, maxAgeMs: 0, program: [], node: "gw" },
    async take() {
      taken += 1;
      return { index: taken, archive: new Blob([`state ${taken}`]).stream() };
    },
    async verify(archive) {
      if (!(await new Response(archive).text()).startsWith("state ")) throw new Error("it is damaged");
    },
    clock,
    log: createLog({ level: "info", json: false, sink, clock }, "backup"),
    ...changes,
  });
  const stopping = new AbortController();
  running.push({ stopping, ended: backups.run(stopping.signal) });
  await untilAsleep();
  await clock.advance(0);
  return backups;
}

async function stop(): Promise<void> {
  for (const { stopping } of running) stopping.abort();
  await Promise.all(running.map(({ ended }) => ended));
  running = [];
}

function files(): readonly string[] {
  return readdirSync(folder).toSorted();
}

const errors = (): readonly string[] => lines.filter((line) => line.includes("[ERROR]"));

describe("backups", () => {
  test("are made at once and then at the interval, and the older ones beyond the number to keep are deleted", async () => {
    const backups = await start({ keep: 2 });
    expect(files()).toEqual(["gw.20261130T120000Z.snap"]);
    expect(statSync(join(folder, files()[0] ?? "")).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await clock.advance(24 * hourMs - 1);
    expect(taken).toBe(1);
    expect(backups.ageMs).toBe(24 * hourMs - 1);
    await clock.advance(1);
    await clock.advance(24 * hourMs);
    expect(files()).toEqual(["gw.20261201T120000Z.snap", "gw.20261202T120000Z.snap"]);
    expect(readFileSync(join(folder, files()[1] ?? ""), "utf8")).toBe("state 3");
    expect([backups.ageMs, backups.hasFailed]).toEqual([0, false]);
  });

  test("delete nothing before the new one is verified", async () => {
    const before: (readonly string[])[] = [];
    await start({
      keep: 1,
      async verify(archive) {
        await new Response(archive).text();
        before.push(files().filter((name) => !name.startsWith(".")));
      },
    });
    await clock.advance(24 * hourMs);
    expect(before).toEqual([[], ["gw.20261130T120000Z.snap"]]);
    expect(files()).toEqual(["gw.20261201T120000Z.snap"]);
  });

  test("go on after a restart where they were, and write nothing before the next is due", async () => {
    await start();
    await stop();
    await clock.advance(10 * hourMs);
    const backups = await start();
    expect(backups.ageMs).toBe(10 * hourMs);
    await clock.advance(14 * hourMs - 1);
    expect(taken).toBe(1);
    await clock.advance(1);
    expect(taken).toBe(2);
  });

  test("are not made while this server does not lead, and go on when it leads again", async () => {
    const backups = await start();
    await stop();
    await clock.advance(30 * hourMs);
    expect([taken, backups.hasFailed, backups.ageMs]).toEqual([1, undefined, undefined]);
    const stopping = new AbortController();
    running.push({ stopping, ended: backups.run(stopping.signal) });
    await untilAsleep();
    await clock.advance(0);
    expect([taken, backups.hasFailed, backups.ageMs]).toEqual([2, false, 0]);
  });

  test("count the time in which the agent did not run", async () => {
    await start();
    await stop();
    await clock.advance(30 * hourMs);
    await start();
    expect(taken).toBe(2);
  });

  test("are one more, however often the wall clock jumps ahead and back", async () => {
    await start();
    for (let jump = 0; jump < 50; jump += 1) {
      clock.jumpWall((jump % 2 === 0 ? 1 : -1) * 10_000 * hourMs);
      await clock.advance(2 * minuteMs);
    }
    expect(taken).toBe(2);
    await clock.advance(24 * hourMs);
    expect(taken).toBe(3);
  });

  test("keep their order, and the newest, when the clock was not set", async () => {
    await start({ keep: 2 });
    clock.jumpWall(-startMs);
    await clock.advance(24 * hourMs);
    await clock.advance(24 * hourMs);
    expect(files()).toEqual(["gw.20261130T120001Z.snap", "gw.20261130T120002Z.snap"]);
    expect(readFileSync(join(folder, "gw.20261130T120002Z.snap"), "utf8")).toBe("state 3");
  });

  test("that are too old are deleted, but never the last good one", async () => {
    let isFailing = false;
    await start({
      maxAgeMs: 24 * hourMs,
      async take() {
        if (isFailing) throw new OperatingError("unavailable", "no-leader", "No cluster leader");
        taken += 1;
        return { index: taken, archive: new Blob([`state ${taken}`]).stream() };
      },
    });
    isFailing = true;
    await clock.advance(100 * hourMs);
    expect(files()).toEqual(["gw.20261130T120000Z.snap"]);
    isFailing = false;
    await clock.advance(hourMs);
    expect(files()).toHaveLength(1);
    expect(readFileSync(join(folder, files()[0] ?? ""), "utf8")).toBe("state 2");
  });

  test("that fail leave no file, are logged, and are tried again after 1, 2, 4 ... and then 60 minutes", async () => {
    let isFailing = true;
    const atMinutes: number[] = [];
    const backups = await start({
      async verify() {
        atMinutes.push(clock.monotonicMs() / minuteMs);
        if (isFailing) throw new OperatingError("invalid", "snapshot-damaged", "the snapshot is damaged");
      },
    });
    await clock.advance(5 * hourMs);
    expect(atMinutes).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    expect(errors()).toHaveLength(10);
    expect(errors()[1]).toContain(`The backup failed: folder=${folder} error="the snapshot is damaged" retry_in=2m0s`);
    expect([backups.hasFailed, backups.ageMs, files()]).toEqual([true, undefined, []]);
    isFailing = false;
    await clock.advance(hourMs);
    expect([backups.hasFailed, files().length]).toEqual([false, 1]);
    isFailing = true;
    await clock.advance(24 * hourMs + minuteMs);
    expect(atMinutes.slice(10, 13)).toEqual([303, 303 + 24 * 60, 304 + 24 * 60]);
    expect(files()).toHaveLength(1);
  });

  test("are made in a folder that appears later", async () => {
    writeFileSync(folder, "");
    await start();
    expect(errors()[0]).toMatch(/file already exists|not a directory/);
    rmSync(folder);
    await clock.advance(minuteMs);
    expect(files()).toHaveLength(1);
  });

  test("remove what a killed agent has left, and nothing else", async () => {
    mkdirSync(join(folder, ".gw.20261130T110000Z.snap-AbCdEf"), { recursive: true });
    writeFileSync(join(folder, ".gw.20261130T110000Z.snap-AbCdEf", "gw.20261130T110000Z.snap"), "half");
    for (const other of ["other.20200101T000000Z.snap", "notes.txt"]) writeFileSync(join(folder, other), "");
    await start({ keep: 1 });
    expect(files()).toEqual(["gw.20261130T120000Z.snap", "notes.txt", "other.20200101T000000Z.snap"]);
  });

  test("end at once when the agent stops, and leave no half file", async () => {
    const first = Promise.withResolvers<void>();
    const starting = start({
      async take() {
        const archive = new ReadableStream<Uint8Array>({
          async pull(controller) {
            controller.enqueue(new Uint8Array(1_024));
            first.resolve();
            await settle();
          },
        });
        return { index: 1, archive };
      },
    });
    await first.promise;
    await stop();
    await starting;
    expect([files(), errors()]).toEqual([[], []]);
  });
});

describe("the program", () => {
  /** Makes a program of a shell script; resolves with its words. */
  function script(text: string): readonly string[] {
    const path = join(parent, "program");
    writeFileSync(path, `#!/bin/sh\ncd '${parent}'\n${text}\n`);
    chmodSync(path, 0o700);
    return [path, "argument"];
  }

  test("gets the verified backup on its standard input, and its name", async () => {
    await start({ program: script('cat >"copy-of-$PRAETOR_BACKUP-$1"') });
    await within(5_000, async () => expect(files()).toEqual(["gw.20261130T120000Z.snap"]));
    expect(readFileSync(join(parent, "copy-of-gw.20261130T120000Z.snap-argument"), "utf8")).toBe("state 1");
  });

  test("gets the same backup again after it has failed, also after a restart, and no other is taken for that", async () => {
    const program = script("echo no route >&2; exit 3");
    const backups = await start({ program });
    await within(5_000, async () => expect(errors()).toHaveLength(1));
    expect(errors()[0]).toContain(
      '"backup.program (program) has not taken the backup: exit status 3; it said: no route" retry_in=1m0s',
    );
    expect([backups.hasFailed, files()]).toEqual([true, ["gw.20261130T120000Z.snap.unsent"]]);
    await clock.advance(minuteMs);
    await within(5_000, async () => expect(errors()).toHaveLength(2));
    await stop();
    script("cat >taken");
    await start({ program });
    await within(5_000, async () => expect(files()).toEqual(["gw.20261130T120000Z.snap"]));
    expect(readFileSync(join(parent, "taken"), "utf8")).toBe("state 1");
    expect(taken).toBe(1);
  });

  test("that hangs is ended with its children after an hour", async () => {
    const program = script("sleep 1000 & echo $! >child; wait");
    await start({ program });
    const child = join(parent, "child");
    await within(5_000, async () => expect(existsSync(child) && readFileSync(child, "utf8")).toMatch(/\d\n/));
    await clock.advance(hourMs);
    await within(5_000, async () => expect(errors()).toHaveLength(1));
    expect(errors()[0]).toContain("it ran for 1h0m0s and was ended");
    await within(5_000, async () => expect(isAlive(Number(readFileSync(child, "utf8")))).toBe(false));
  });

  test("that does not exist is named in the error", async () => {
    await start({ program: ["/none/such"] });
    await within(5_000, async () => expect(errors()).toHaveLength(1));
    expect(errors()[0]).toContain("fork/exec /none/such: no such file or directory");
  });

  test("may end without reading all of its input", async () => {
    const archive = (): ReadableStream<Uint8Array> => new Blob(["state ", new Uint8Array(4 * 2 ** 20)]).stream();
    await start({ program: script("exit 0"), take: async () => ({ index: 1, archive: archive() }) });
    await within(5_000, async () => expect(files()).toEqual(["gw.20261130T120000Z.snap"]));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
