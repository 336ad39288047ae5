import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { promptly } from "../../test/support/promptly.ts";
import { within } from "../../test/support/within.ts";
import {
  type ChainAnchor,
  ChainedFile,
  type ChainedFileOptions,
  keepAfterMs,
  type MissingLines,
  type OpenFile,
  rotatedFiles,
  waitingMax,
} from "./chained-file.ts";
import { chained, type ChainEnd, ChainReader, emptyChain } from "./hash-chain.ts";

let folder: string;
let path: string;
let dropped: [number, string][];
let torn: number[];
let missing: MissingLines[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chained-"));
  path = join(folder, "audit.json");
  [dropped, torn, missing] = [[], [], []];
});

afterEach(() => rmSync(folder, { recursive: true }));

function openChain(changes: Partial<ChainedFileOptions> = {}): Promise<ChainedFile> {
  return ChainedFile.open({
    ...{ path, rotateBytes: 0, rotateAfterMs: 0, rotatedFilesMax: 0, clock: new FakeClock() },
    describeDropped: (count) => ({ dropped: count }),
    onDropped: (count, why) => void dropped.push([count, why]),
    onTorn: (bytes) => void torn.push(bytes),
    describeMissing: (lines) => ({ missing: lines }),
    onMissing: (lines) => void missing.push(lines),
    onNotKept: (why) => void dropped.push([0, why]),
    ...changes,
  });
}

function chainOf(...paths: readonly string[]): ChainReader {
  const chain = new ChainReader();
  for (const each of paths) for (const [at, line] of linesOf(each).entries()) chain.read(line, each, at + 1);
  return chain;
}

function linesOf(file: string): string[] {
  return readFileSync(file, "utf8").split("\n").slice(0, -1);
}

function recordsOf(file: string): Record<string, unknown>[] {
  return linesOf(file).map((line) => JSON.parse(line) as Record<string, unknown>);
}

test("records are chained in their order, also over restarts, and only the owner can read them", async () => {
  for (const round of [1, 2, 3]) {
    const file = await openChain();
    for (let each = 0; each < 3; each += 1) void file.append({ round, each });
    await file.close();
  }
  expect(recordsOf(path).map(({ round, each, sequence }) => [round, each, sequence])).toEqual([
    ...[1, 2, 3].flatMap((round) => [0, 1, 2].map((each) => [round, each, (round - 1) * 3 + each + 1])),
  ]);
  expect(chainOf(path)).toMatchObject({ breaks: [], lines: 9 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("the chain goes on over rotation by size, and over a restart without the newest file", async () => {
  const file = await openChain({ rotateBytes: 1000 });
  for (let each = 0; each < 20; each += 1) void file.append({ each });
  await file.close();
  const rotated = rotatedFiles(path);
  expect(rotated.length).toBeGreaterThan(2);
  rmSync(path);
  const again = await openChain();
  void again.append({ each: "after" });
  await again.close();
  const chain = chainOf(...rotated, path);
  expect(chain.breaks).toEqual([]);
  expect(chain.end?.sequence).toBe(chain.lines);
});

test("files are rotated by age, and the oldest are removed", async () => {
  const clock = new FakeClock();
  const file = await openChain({ rotateAfterMs: 1000, rotatedFilesMax: 2, clock });
  for (let each = 0; each < 5; each += 1) {
    void file.append({ each });
    await written(each);
    await clock.advance(1000);
  }
  await file.close();
  const rotated = rotatedFiles(path);
  expect(rotated).toHaveLength(2);
  expect(chainOf(...rotated, path)).toMatchObject({ breaks: [], lines: 3 });
});

function written(each: number): Promise<void> {
  return within(10_000, async () => {
    if (!readFileSync(path, "utf8").includes(`"each":${each},`)) throw new Error(`${each} is not written yet`);
  });
}

test("a last line that a crash left unfinished is cut off, and the chain goes on", async () => {
  const file = await openChain();
  void file.append({ each: 1 });
  await file.close();
  appendFileSync(path, '{"each":2,"sequ');
  const again = await openChain();
  void again.append({ each: 3 });
  await again.close();
  expect(torn).toEqual([15]);
  expect(recordsOf(path).map(({ each }) => each)).toEqual([1, 3]);
  expect(chainOf(path).breaks).toEqual([]);
});

test("records that a full disk refuses are counted, and the next one that is written follows their number", async () => {
  let isFull = false;
  const openFile = async (name: string): Promise<OpenFile> => {
    const real = await open(name, "a+", 0o600);
    return {
      ...{ truncate: (size) => real.truncate(size), stat: () => real.stat(), read: real.read.bind(real) },
      ...{ datasync: () => real.datasync(), close: () => real.close() },
      async appendFile(text) {
        if (!isFull) return real.appendFile(text);
        await real.appendFile('{"each":2,"sequ');
        throw new Error("ENOSPC: no space left on device");
      },
    } as OpenFile;
  };
  const file = await openChain({ openFile });
  void file.append({ each: 1 });
  await written(1);
  const bytes = statSync(path).size;
  isFull = true;
  void file.append({ each: 2 });
  await within(10_000, async () => {
    if (dropped.length === 0 || statSync(path).size !== bytes) throw new Error("nothing is dropped yet");
  });
  isFull = false;
  void file.append({ each: 3 });
  await file.close();
  expect(dropped).toEqual([[1, "ENOSPC: no space left on device"]]);
  expect(recordsOf(path).map(({ each, dropped: count }) => each ?? { count })).toEqual([1, { count: 1 }, 3]);
  expect(chainOf(path).breaks).toEqual([]);
});

test("a disk that does not answer delays no caller: records beyond those that may wait are counted", async () => {
  const [gate, began] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const openFile = async (name: string): Promise<OpenFile> => {
    const real = await open(name, "a+", 0o600);
    return {
      ...{ truncate: (size) => real.truncate(size), stat: () => real.stat(), read: real.read.bind(real) },
      ...{ datasync: () => real.datasync(), close: () => real.close() },
      appendFile(text) {
        began.resolve();
        return gate.promise.then(() => real.appendFile(text));
      },
    } as OpenFile;
  };
  const file = await openChain({ openFile });
  void file.append({ each: 0 });
  await began.promise;
  for (let each = 1; each <= waitingMax + 5; each += 1) void file.append({ each });
  expect(dropped.reduce((sum, [count]) => sum + count, 0)).toBe(5);
  gate.resolve();
  await file.close();
  expect(linesOf(path)).toHaveLength(1 + waitingMax + 1);
  expect(recordsOf(path).filter(({ dropped: count }) => count === 5)).toHaveLength(1);
  expect(chainOf(path).breaks).toEqual([]);
});

test.each([
  ["changed", (lines: string[]) => lines.with(2, (lines[2] ?? "").replace('"each":2', '"each":9')), 3],
  ["removed", (lines: string[]) => lines.toSpliced(2, 1), 3],
  ["inserted twice", (lines: string[]) => lines.toSpliced(2, 0, lines[1] ?? ""), 3],
  ["exchanged", (lines: string[]) => lines.with(2, lines[3] ?? "").with(3, lines[2] ?? ""), 3],
  ["replaced by another text", (lines: string[]) => lines.with(2, "{}"), 3],
] as const)("a line that is %s breaks the chain there", async (_what, change, at) => {
  const file = await openChain();
  for (let each = 0; each < 6; each += 1) void file.append({ each });
  await file.close();
  writeFileSync(path, `${change(linesOf(path)).join("\n")}\n`);
  expect(chainOf(path).breaks[0]).toMatchObject({ file: path, line: at });
});

test("a file that cannot be written is an error that names the field", async () => {
  const failure = await openChain({ path: join(folder, "none", "audit.json") }).catch(String);
  expect(failure).toContain("Choose another path in audit.sink");
});

/** An anchor in memory. */
class MemoryAnchor implements ChainAnchor {
  readonly key: Uint8Array = new TextEncoder().encode("the key of a test");
  kept: ChainEnd | undefined;

  readonly keep = (end: ChainEnd): Promise<void> => {
    this.kept = end;
    return Promise.resolve();
  };
}

function anchoredChain(anchor: MemoryAnchor, ...paths: readonly string[]): ChainReader {
  const chain = new ChainReader({ key: anchor.key, kept: anchor.kept });
  for (const each of paths) for (const [at, line] of linesOf(each).entries()) chain.read(line, each, at + 1);
  chain.finish(paths.at(-1) ?? "");
  return chain;
}

async function writeSix(anchor: MemoryAnchor): Promise<void> {
  const file = await openChain({ anchor });
  for (let each = 0; each < 6; each += 1) void file.append({ each });
  await file.close();
}

describe("a chain with an anchor", () => {
  test("keeps its end a minute after a write, after a sync, and at its close", async () => {
    const [anchor, clock, synced] = [new MemoryAnchor(), new FakeClock(), [] as string[]];
    const openFile = async (name: string): Promise<OpenFile> => {
      const real = await open(name, "a+", 0o600);
      return new Proxy(real, {
        get(target, property) {
          if (property !== "datasync") {
            const value: unknown = Reflect.get(target, property);
            return typeof value === "function" ? (value.bind(target) as unknown) : value;
          }
          return () => {
            synced.push(readFileSync(path, "utf8"));
            return target.datasync();
          };
        },
      });
    };
    const file = await openChain({ anchor, clock, openFile });
    await file.append({ each: 1 });
    expect(anchor.kept).toBeUndefined();
    await clock.advance(keepAfterMs);
    await within(10_000, async () => expect(anchor.kept?.sequence).toBe(1));
    expect(synced).toHaveLength(1);
    await file.append({ each: 2 });
    expect(anchor.kept?.sequence).toBe(1);
    await file.close();
    expect(anchoredChain(anchor, path).end).toMatchObject(anchor.kept ?? {});
  });

  test.each([1, 3, 6])("notices at the start that %d lines at the end are missing, and records it", async (count) => {
    const anchor = new MemoryAnchor();
    await writeSix(anchor);
    writeFileSync(
      path,
      linesOf(path)
        .slice(0, 6 - count)
        .map((line) => `${line}\n`)
        .join(""),
    );
    expect(anchoredChain(anchor, path).breaks.map(({ why }) => why)).toEqual([`${count} lines at the end are missing`]);
    const again = await openChain({ anchor });
    void again.append({ each: "after" });
    await again.close();
    expect(missing).toEqual([{ found: 6 - count, kept: 6 }]);
    expect(recordsOf(path).slice(6 - count)).toMatchObject([
      { missing: { found: 6 - count, kept: 6 }, sequence: 7 },
      { each: "after", sequence: 8 },
    ]);
    // A file that begins anywhere may be the newest of several; the record in it still tells.
    const whys = count === 6 ? [] : [`${count} lines before it are missing`];
    expect(anchoredChain(anchor, path).breaks.map(({ why }) => why)).toEqual(whys);
  });

  test("is broken where its lines were computed anew without the key", async () => {
    const anchor = new MemoryAnchor();
    await writeSix(anchor);
    let end: ChainEnd = emptyChain;
    const forged = recordsOf(path).map(({ each }) => {
      const next = chained({ each: each === 2 ? 9 : each }, end, undefined);
      ({ end } = next);
      return next.line;
    });
    writeFileSync(path, `${forged.join("\n")}\n`);
    expect(chainOf(path).breaks).toEqual([]);
    expect(anchoredChain(anchor, path).breaks.map(({ line }) => line)).toContain(1);
    const again = await openChain({ anchor });
    await again.close();
    expect(missing).toEqual([{ found: 0, kept: 6 }]);
  });

  test("accepts lines that were written after its end was kept, as a killed agent leaves them", async () => {
    const anchor = new MemoryAnchor();
    await writeSix(anchor);
    const { kept } = anchor;
    const file = await openChain({ anchor });
    await file.append({ each: "later" });
    anchor.kept = kept;
    expect(anchoredChain(anchor, path)).toMatchObject({ breaks: [], lines: 7 });
    const again = await openChain({ anchor });
    await again.close();
    expect(missing).toEqual([]);
    await file.close();
  });
});

test("a record that is appended while another write ends is written, too, at each turn of the loop", async () => {
  let afterWrite: (() => void) | undefined;
  const openFile = async (name: string): Promise<OpenFile> => {
    const real = await open(name, "a+", 0o600);
    return {
      ...{ truncate: (size) => real.truncate(size), stat: () => real.stat(), read: real.read.bind(real) },
      ...{ datasync: () => real.datasync(), close: () => real.close() },
      async appendFile(text) {
        await real.appendFile(text);
        afterWrite?.();
      },
    } as OpenFile;
  };
  const file = await openChain({ openFile });
  for (let turns = 0; turns < 30; turns += 1) {
    const late = Promise.withResolvers<Promise<void>>();
    afterWrite = () => {
      afterWrite = undefined;
      void turnsOf(turns).then(() => late.resolve(file.append({ late: turns })));
    };
    void file.append({ early: turns });
    // oxlint-disable-next-line no-await-in-loop -- each record must be written without a later one
    await promptly(late.promise.then((written) => written));
  }
  await file.close();
  expect(recordsOf(path)).toHaveLength(60);
});

async function turnsOf(count: number): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- it lets exactly so many turns pass
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
}

test.each([
  ["by size", { rotateBytes: 700 }],
  ["by age", { rotateAfterMs: 50 }],
  ["by both", { rotateBytes: 1500, rotateAfterMs: 20 }],
])("many writers lose and exchange no record over rotation %s", async (_how, limits) => {
  const [clock, anchor] = [new FakeClock(), new MemoryAnchor()];
  const file = await openChain({ ...limits, clock, anchor });
  const [writers, rounds] = [20, 25];
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let round = 0; round < rounds; round += 1) {
        // oxlint-disable-next-line no-await-in-loop -- a writer writes one record after the other
        await file.append({ writer, round });
        // oxlint-disable-next-line no-await-in-loop -- it lets the age of the file grow
        if (writer === 0) await clock.advance(10);
      }
    }),
  );
  await file.close();
  const files = [...rotatedFiles(path), path];
  expect(files.length).toBeGreaterThan(3);
  expect(anchoredChain(anchor, ...files)).toMatchObject({ breaks: [], lines: writers * rounds });
  const written = files.flatMap(recordsOf);
  for (let writer = 0; writer < writers; writer += 1)
    expect(written.filter((each) => each["writer"] === writer).map(({ round }) => round)).toEqual(
      Array.from({ length: rounds }, (_, round) => round),
    );
  expect(dropped).toEqual([]);
});

test("a limit of rotated files removes the oldest only, and the rest is one chain", async () => {
  const anchor = new MemoryAnchor();
  const file = await openChain({ rotateBytes: 700, rotatedFilesMax: 3, anchor });
  // oxlint-disable-next-line no-await-in-loop -- one batch for each record, so that each may rotate
  for (let each = 0; each < 100; each += 1) await file.append({ each });
  await file.close();
  const files = [...rotatedFiles(path), path];
  expect(files).toHaveLength(4);
  const chain = anchoredChain(anchor, ...files);
  expect(chain.breaks).toEqual([]);
  expect(files.flatMap(recordsOf).map(({ each }) => each)).toEqual(
    Array.from({ length: chain.lines }, (_, at) => 100 - chain.lines + at),
  );
});

test("a file that another program has moved away is replaced at the next rotation, and nothing is lost", async () => {
  const file = await openChain({ rotateBytes: 700 });
  await file.append({ each: 0 });
  const moved = join(folder, "moved.json");
  renameSync(path, moved);
  // oxlint-disable-next-line no-await-in-loop -- one batch for each record
  for (let each = 1; each < 10; each += 1) await file.append({ each });
  await file.close();
  const files = [moved, ...rotatedFiles(path), path];
  expect(files.flatMap(recordsOf).map(({ each }) => each)).toEqual(Array.from({ length: 10 }, (_, each) => each));
  expect(chainOf(...files)).toMatchObject({ breaks: [], lines: 10 });
});
