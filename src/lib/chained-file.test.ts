import { afterEach, beforeEach, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { within } from "../../test/support/within.ts";
import { ChainedFile, type ChainedFileOptions, type OpenFile, rotatedFiles, waitingMax } from "./chained-file.ts";
import { ChainReader } from "./hash-chain.ts";

let folder: string;
let path: string;
let dropped: [number, string][];
let torn: number[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "chained-"));
  path = join(folder, "audit.json");
  [dropped, torn] = [[], []];
});

afterEach(() => rmSync(folder, { recursive: true }));

function openChain(changes: Partial<ChainedFileOptions> = {}): Promise<ChainedFile> {
  return ChainedFile.open({
    ...{ path, rotateBytes: 0, rotateAfterMs: 0, rotatedFilesMax: 0, clock: new FakeClock() },
    describeDropped: (count) => ({ dropped: count }),
    onDropped: (count, why) => void dropped.push([count, why]),
    onTorn: (bytes) => void torn.push(bytes),
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
    for (let each = 0; each < 3; each += 1) file.append({ round, each });
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
  for (let each = 0; each < 20; each += 1) file.append({ each });
  await file.close();
  const rotated = rotatedFiles(path);
  expect(rotated.length).toBeGreaterThan(2);
  rmSync(path);
  const again = await openChain();
  again.append({ each: "after" });
  await again.close();
  const chain = chainOf(...rotated, path);
  expect(chain.breaks).toEqual([]);
  expect(chain.end?.sequence).toBe(chain.lines);
});

test("files are rotated by age, and the oldest are removed", async () => {
  const clock = new FakeClock();
  const file = await openChain({ rotateAfterMs: 1000, rotatedFilesMax: 2, clock });
  for (let each = 0; each < 5; each += 1) {
    file.append({ each });
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
  file.append({ each: 1 });
  await file.close();
  appendFileSync(path, '{"each":2,"sequ');
  const again = await openChain();
  again.append({ each: 3 });
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
  file.append({ each: 1 });
  await written(1);
  const bytes = statSync(path).size;
  isFull = true;
  file.append({ each: 2 });
  await within(10_000, async () => {
    if (dropped.length === 0 || statSync(path).size !== bytes) throw new Error("nothing is dropped yet");
  });
  isFull = false;
  file.append({ each: 3 });
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
  file.append({ each: 0 });
  await began.promise;
  for (let each = 1; each <= waitingMax + 5; each += 1) file.append({ each });
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
  for (let each = 0; each < 6; each += 1) file.append({ each });
  await file.close();
  writeFileSync(path, `${change(linesOf(path)).join("\n")}\n`);
  expect(chainOf(path).breaks[0]).toMatchObject({ file: path, line: at });
});

test("a file that cannot be written is an error that names the field", async () => {
  const failure = await openChain({ path: join(folder, "none", "audit.json") }).catch(String);
  expect(failure).toContain("Choose another path in audit.sink");
});
