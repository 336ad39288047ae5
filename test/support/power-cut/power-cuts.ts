import type { FakeRandom } from "../fake-random.ts";
import type { Cut, KeptUntil } from "./crash-state.ts";
import { type Disk, type DiskFile, pageBytes, sectorBytes } from "./disk.ts";

/** A page with unsynced writes, and the times of its writes. */
interface DirtyPage {
  readonly file: DiskFile;
  readonly page: number;
  readonly times: readonly number[];
}

const sectorsOfAPage = pageBytes / sectorBytes;
const never = 0;
const ever = Infinity;

/**
 * Yields the states in which a power cut at this moment can leave the disk: all writes durable; only synced data durable; each
 * single name, length and page durable, and each lost; the first and the last page torn; and `chances` random combinations.
 */
export function* powerCuts(disk: Disk, random: FakeRandom, chances: number): Generator<Cut> {
  const pages = dirtyPages(disk);
  const names = [...disk.names].filter(([, changes]) => changes.length > 1).map(([path]) => path);
  const sized = [...disk.files].filter((file) => file.sizeAt(ever) !== file.durable.byteLength);
  yield cutOf("everything", ever);
  if (pages.length + names.length + sized.length === 0) return;
  yield cutOf("nothing", never);
  if (sized.length > 0) yield* lengthCuts(sized, random);
  if (names.length > 0) yield* nameCuts(names);
  for (const dirty of pages) yield* pageCuts(dirty);
  for (const dirty of new Set([pages[0], pages.at(-1)])) if (dirty !== undefined) yield* tornCuts(dirty);
  if (pages.length + names.length > 1)
    for (let n = 0; n < chances; n++) yield randomCut({ disk, pages, names, sized }, random);
}

function cutOf(title: string, until: number, more: Partial<Cut> = {}): Cut {
  return { title, until, pages: new Map(), sizes: new Map(), names: new Map(), noise: undefined, ...more };
}

function* lengthCuts(sized: readonly DiskFile[], random: FakeRandom): Generator<Cut> {
  const sizes = new Map(sized.map((file) => [file, ever]));
  yield cutOf("lengths alone", never, { sizes });
  yield cutOf("lengths alone, over noise", never, { sizes, noise: noise(random) });
  yield cutOf("all but lengths", ever, { sizes: new Map(sized.map((file) => [file, never])) });
}

function* nameCuts(names: readonly string[]): Generator<Cut> {
  yield cutOf("names alone", never, { names: new Map(names.map((name) => [name, ever])) });
  yield cutOf("all but names", ever, { names: new Map(names.map((name) => [name, never])) });
  for (const name of names) {
    yield cutOf(`all but the name ${name}`, ever, { names: new Map([[name, never]]) });
    yield cutOf(`the name ${name} alone`, never, { names: new Map([[name, ever]]) });
  }
}

/**
 * Yields cuts in which only this page is durable, or all pages except it. For a page that was written several times, it yields
 * each version.
 */
function* pageCuts({ file, page, times }: DirtyPage): Generator<Cut> {
  const sizes = new Map([[file, ever]]);
  for (const time of [never, ...times.slice(1)])
    yield cutOf(`page ${page} until ${time}, and the rest`, ever, { pages: onePage(file, page, time) });
  for (const time of [...times.slice(1), ever])
    yield cutOf(`page ${page} until ${time} alone`, never, { pages: onePage(file, page, time), sizes });
}

function* tornCuts({ file, page }: DirtyPage): Generator<Cut> {
  const sizes = new Map([[file, ever]]);
  for (let sectors = 1; sectors < sectorsOfAPage; sectors++) {
    for (const [first, rest] of [[never, ever] as const, [ever, never] as const]) {
      const torn = Array.from({ length: sectorsOfAPage }, (_, sector) => (sector < sectors ? first : rest));
      const pages = onePage(file, page, torn);
      yield cutOf(`page ${page} torn before sector ${sectors}, and the rest`, ever, { pages });
      yield cutOf(`page ${page} torn before sector ${sectors}, alone`, never, { pages, sizes });
    }
  }
}

function onePage(file: DiskFile, page: number, until: KeptUntil): Cut["pages"] {
  return new Map([[file, new Map([[page, until]])]]);
}

interface Unsure {
  readonly disk: Disk;
  readonly pages: readonly DirtyPage[];
  readonly names: readonly string[];
  readonly sized: readonly DiskFile[];
}

function randomCut({ disk, pages, names, sized }: Unsure, random: FakeRandom): Cut {
  const keep = [0.1, 0.5, 0.9][Math.floor(random.uniform() * 3)] ?? 0.5;
  const tear = random.uniform() < 0.3 ? 0.3 : 0;
  const timeOf = (times: readonly number[]): number => {
    if (random.uniform() < keep) return ever;
    return random.uniform() < 0.7 ? never : (times[Math.floor(random.uniform() * times.length)] ?? never);
  };
  const chosen = new Map<DiskFile, Map<number, KeptUntil>>();
  for (const { file, page, times } of pages) {
    const ofFile = chosen.get(file) ?? new Map<number, KeptUntil>();
    const isTorn = random.uniform() < tear;
    ofFile.set(page, isTorn ? Array.from({ length: sectorsOfAPage }, () => timeOf(times)) : timeOf(times));
    chosen.set(file, ofFile);
  }
  return cutOf(`by chance, ${keep} of it`, ever, {
    pages: chosen,
    sizes: new Map(sized.map((file) => [file, timeOf([...timesOf(file)])])),
    names: new Map(names.map((name) => [name, timeOf((disk.names.get(name) ?? []).map((change) => change.time))])),
    noise: random.uniform() < 0.2 ? noise(random) : undefined,
  });
}

function noise(random: FakeRandom): Buffer {
  return Buffer.from(Array.from({ length: 251 }, () => Math.floor(random.uniform() * 256)));
}

function* timesOf(file: DiskFile): Generator<number> {
  for (const { time } of file.unsynced) yield time;
}

/** Returns the unsynced pages in the order of their first writes. */
function dirtyPages(disk: Disk): readonly DirtyPage[] {
  const dirty: DirtyPage[] = [];
  for (const file of disk.files) {
    const times = new Map<number, number[]>();
    for (const change of file.unsynced) {
      if (change.kind === "cut") continue;
      const last = Math.floor((change.at + change.data.byteLength - 1) / pageBytes);
      for (let page = Math.floor(change.at / pageBytes); page <= last; page++) {
        const ofPage = times.get(page) ?? [];
        ofPage.push(change.time);
        times.set(page, ofPage);
      }
    }
    for (const [page, ofPage] of times) dirty.push({ file, page, times: ofPage });
  }
  return dirty;
}
