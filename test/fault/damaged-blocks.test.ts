import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { OperatingError } from "../../src/lib/errors.ts";
import { atLength } from "../support/at-length.ts";
import { FakeRandom } from "../support/fake-random.ts";
import { contentsAt, contentsOf, fillStore } from "../support/large-store.ts";
import { tellFigures, tellProgress } from "../support/progress.ts";
import { scratchPlace } from "../support/scratch-place.ts";

const blockBytes = 4_096;
const folderBytes = 16 << 20;
const seed = Number(process.env["SEED"] ?? 1);
/** The step between damaged blocks. It is coprime to the regular sizes in the file, so that blocks of all kinds are damaged. */
const everyBlock = atLength({ short: 293, long: 1 });
const flips = atLength({ short: 15, long: 1_000 });

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(scratchPlace(), "praetor-blocks-"));
});
afterAll(() => rmSync(root, { recursive: true }));

function sizeOf(folder: string): number {
  const sizeOfFile = (name: string): number => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return sizeOfFile("praetor.db") + sizeOfFile("praetor.db-wal");
}

interface Damage {
  readonly title: string;
  readonly at: number;
  readonly bytes: Uint8Array;
}

function* zeroedBlocks(intact: Buffer): Generator<Damage> {
  for (let at = 0; at < intact.byteLength; at += everyBlock * blockBytes) {
    const bytes = new Uint8Array(Math.min(blockBytes, intact.byteLength - at));
    if (!intact.subarray(at, at + bytes.byteLength).equals(bytes))
      yield { title: `block ${at / blockBytes} zeroed`, at, bytes };
  }
}

function* flippedBits(intact: Buffer): Generator<Damage> {
  const random = new FakeRandom(seed);
  for (let n = 0; n < flips; n++) {
    const at = Math.floor(random.uniform() * intact.byteLength);
    const bit = Math.floor(random.uniform() * 8);
    yield {
      title: `seed ${seed}: bit ${bit} of byte ${at} flipped`,
      at,
      bytes: Uint8Array.of((intact[at] ?? 0) ^ (1 << bit)),
    };
  }
}

interface Found {
  refused: number;
  right: number;
  /** The damages that the store did not detect: for each one, how many of the newest batches it removed. */
  readonly lost: number[];
  readonly wrong: string[];
}

/**
 * Opens the store once for each damage to one of its files, and records whether the store reports the damage or serves data.
 */
function damageEach(
  folder: string,
  options: { readonly name: string; readonly newest: number; readonly damages: (intact: Buffer) => Iterable<Damage> },
): Found {
  const { name, newest, damages } = options;
  const intact = readFileSync(join(folder, name));
  const found: Found = { refused: 0, right: 0, lost: [], wrong: [] };
  const trial = join(root, "trial");
  cpSync(folder, trial, { recursive: true });
  for (const damage of damages(intact)) {
    tellProgress(() => `${damage.title}: ${found.refused} refused until now, ${found.right} served right`);
    overwrite(join(trial, name), damage);
    tryStore(trial, newest, { damage, found });
    mend(trial, { folder, name, damage, intact });
  }
  rmSync(trial, { recursive: true });
  return found;
}

interface Original {
  readonly folder: string;
  readonly name: string;
  readonly damage: Damage;
  readonly intact: Buffer;
}

/**
 * Makes the folder `trial` equal to the original again. Restores only the damaged bytes if the sizes are equal. Otherwise copies
 * the folder: a stop may have moved a remaining WAL into the database file; a start writes nothing.
 */
function mend(trial: string, { folder, name, damage: { title, at, bytes }, intact }: Original): void {
  if (sizeOf(trial) === sizeOf(folder)) {
    overwrite(join(trial, name), { title, at, bytes: intact.subarray(at, at + bytes.byteLength) });
    return;
  }
  rmSync(trial, { recursive: true });
  cpSync(folder, trial, { recursive: true });
}

function tryStore(
  folder: string,
  newest: number,
  { damage, found }: { readonly damage: Damage; readonly found: Found },
): void {
  try {
    const contents = contentsOf(folder);
    if (contents.digest !== contentsAt(contents.revision).digest)
      found.wrong.push(`${damage.title}: served wrong rows`);
    else if (contents.revision === newest) found.right++;
    else found.lost.push(newest - contents.revision);
  } catch (error) {
    found.refused++;
    if (!(error instanceof OperatingError && saysWhatToDo(error, folder)))
      found.wrong.push(`${damage.title}: ${String(error)}`);
  }
}

/** Returns whether the error says that the data are damaged or foreign, and names the data folder and a backup. */
function saysWhatToDo({ code, message }: OperatingError, folder: string): boolean {
  return /^data-(damaged|foreign|newer)$/.test(code) && message.includes(folder) && message.includes("backup");
}

function overwrite(file: string, { at, bytes }: Damage): void {
  const handle = openSync(file, "r+");
  writeSync(handle, bytes, 0, bytes.byteLength, at);
  closeSync(handle);
}

function tell(what: string, { refused, right, lost }: Found): void {
  const most = Math.max(0, ...lost);
  tellFigures(
    `${what}: ${refused} refused, ${right} served right, ${lost.length} without the newest batches, at most ${most}`,
  );
}

describe("a data folder of 16 MiB that an engine closed", () => {
  let folder: string;
  let newest: number;
  beforeAll(() => {
    folder = join(root, "closed");
    const filled = fillStore(folder, () => sizeOf(folder) >= folderBytes);
    filled.store.close();
    newest = filled.revision;
  });

  test.each([
    ["each block zeroed", zeroedBlocks],
    ["bits flipped", flippedBits],
  ] as const)("with %s is refused with a remedy, or has all acknowledged rows", (what, damages) => {
    const found = damageEach(folder, { name: "praetor.db", newest, damages });
    tell(what, found);
    expect(found.wrong).toEqual([]);
    expect(found.lost).toEqual([]);
    expect(found.refused).toBeGreaterThan(0);
  });
});

describe("a data folder of 16 MiB that a killed process left", () => {
  let folder: string;
  let newest: number;
  beforeAll(() => {
    const open = join(root, "open");
    folder = join(root, "left");
    const filled = fillStore(open, () => sizeOf(open) >= folderBytes);
    newest = filled.revision;
    cpSync(open, folder, { recursive: true });
    filled.store.close();
  });

  test.each([
    ["each block of the file zeroed", "praetor.db", zeroedBlocks],
    ["bits of the file flipped", "praetor.db", flippedBits],
  ] as const)("with %s is refused with a remedy, or has all acknowledged rows", (what, name, damages) => {
    const found = damageEach(folder, { name, newest, damages });
    tell(what, found);
    expect(found.wrong).toEqual([]);
    expect(found.lost).toEqual([]);
  });

  test.each([
    ["each block of the WAL zeroed", zeroedBlocks, 2],
    ["bits of the WAL flipped", flippedBits, 1],
  ] as const)(
    "with %s is refused with a remedy, or has all acknowledged rows but those of the newest batches",
    (what, damages, lostMax) => {
      const found = damageEach(folder, { name: "praetor.db-wal", newest, damages });
      tell(what, found);
      expect(found.wrong).toEqual([]);
      expect(Math.max(0, ...found.lost)).toBeLessThanOrEqual(lostMax);
      expect(found.refused).toBeGreaterThan(0);
    },
  );
});
