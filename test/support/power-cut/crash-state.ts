import { dirname } from "node:path";
import { type Disk, type DiskFile, pageBytes, sectorBytes, type Unsynced } from "./disk.ts";

/** The time up to which the disk kept the writes of a page, or one time for each sector of the page. */
export type KeptUntil = number | readonly number[];

/** The contents of a disk after a power cut: every change before `until`, with exceptions for single pages, lengths and names. */
export interface Cut {
  readonly title: string;
  readonly until: number;
  readonly pages: ReadonlyMap<DiskFile, ReadonlyMap<number, KeptUntil>>;
  readonly sizes: ReadonlyMap<DiskFile, number>;
  readonly names: ReadonlyMap<string, number>;
  /** The bytes that fill a file whose new length reached the disk while its new bytes did not; undefined for zeros. */
  readonly noise: Buffer | undefined;
}

export type FolderContent = ReadonlyMap<string, Buffer | "folder">;

/** Returns the files and folders after the power cut. */
export function contentAfter(disk: Disk, cut: Cut): FolderContent {
  const content = new Map<string, Buffer | "folder">();
  // The names are in the order of their creation, so a folder precedes its content.
  for (const [path, changes] of disk.names) {
    const until = cut.names.get(path) ?? cut.until;
    const named = changes.findLast((change, index) => index === 0 || change.time < until)?.named;
    if (named === undefined || (content.size > 0 && content.get(dirname(path)) !== "folder")) continue;
    content.set(path, named === "folder" ? "folder" : bytesAfter(named, cut));
  }
  return content;
}

function bytesAfter(file: DiskFile, cut: Cut): Buffer {
  if (file.unsynced.length === 0) return file.durable;
  const bytes = Buffer.alloc(file.sizeAt(cut.sizes.get(file) ?? cut.until));
  if (cut.noise !== undefined) bytes.fill(cut.noise, Math.min(file.durable.byteLength, bytes.byteLength));
  file.durable.copy(bytes);
  const pages = cut.pages.get(file);
  const keptUntil = (page: number): KeptUntil => pages?.get(page) ?? cut.until;
  for (const change of file.unsynced) keep(bytes, change, keptUntil);
  return bytes;
}

function keep(bytes: Buffer, change: Unsynced, keptUntil: (page: number) => KeptUntil): void {
  const from = change.kind === "cut" ? change.size : change.at;
  const to = Math.min(bytes.byteLength, change.kind === "cut" ? Infinity : change.at + change.data.byteLength);
  for (let at = from; at < to;) {
    const page = Math.floor(at / pageBytes);
    const until = keptUntil(page);
    const pieceBytes = typeof until === "number" ? pageBytes : sectorBytes;
    const end = Math.min(to, (Math.floor(at / pieceBytes) + 1) * pieceBytes);
    const time = typeof until === "number" ? until : (until[Math.floor((at % pageBytes) / sectorBytes)] ?? 0);
    if (change.time < time) {
      if (change.kind === "cut") bytes.fill(0, at, end);
      else change.data.copy(bytes, at, at - change.at, end - change.at);
    }
    at = end;
  }
}

/** Returns a hash that is equal for equal contents. */
export function hashOf(content: FolderContent): bigint {
  let hash = 0n;
  for (const [path, bytes] of content) {
    hash = Bun.hash.wyhash(path, hash);
    hash = bytes === "folder" ? Bun.hash.wyhash("/", hash) : Bun.hash.wyhash(bytes, hash ^ BigInt(bytes.byteLength));
  }
  return hash;
}
