import { createTarDecoder, createTarPacker, type TarPackController } from "modern-tar";
import { messageOf, OperatingError } from "./errors.ts";
import { nextTurn } from "./next-turn.ts";

/*
 * Packs and unpacks a gzipped tar whose last file, SHA256SUMS, lists the hash of each other file in the format of
 * `sha256sum -c`. Both directions stream, so they need the memory of a few blocks.
 *
 * A tar header holds the file's length and stands before the content. Content that is generated is therefore generated
 * twice: once to measure it, once to send it.
 */

const sumsName = "SHA256SUMS";
const smallBytesMax = 64 * 1024;
/** Maximum total size of the tar's headers, padding and small files, in bytes: all but the large file's content. */
const tarBytesMax = 256 * 1024;

/** Latest time that a tar header can hold, in seconds since 1970: eleven octal digits. A gateway's wrong clock may be later. */
const tarSecondsMax = 8 ** 11 - 1;

export interface ArchiveFile {
  readonly name: string;
  readonly bytes: number;
  /** The SHA-256 hash of the content, in hexadecimal. */
  readonly sha256: string;
  /** Returns the content; each call returns the same bytes. */
  readonly blocks: () => Iterable<Uint8Array>;
}

/** Returns the file that packArchive needs. Reads the whole content once, to compute its length and hash. */
export async function measureFile(name: string, blocks: () => Iterable<Uint8Array>): Promise<ArchiveFile> {
  const hasher = new Bun.CryptoHasher("sha256");
  let bytes = 0;
  for (const block of blocks()) {
    hasher.update(block);
    bytes += block.length;
    await nextTurn();
  }
  return { name, bytes, sha256: hasher.digest("hex"), blocks };
}

/** Returns the gzipped archive as a stream. Its content is generated as the reader pulls it. */
export function packArchive(files: readonly ArchiveFile[], modified: Date): ReadableStream<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const sums = Buffer.from(files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(""));
  void addAll(controller, [...files, { name: sumsName, bytes: sums.length, blocks: () => [sums] }], tarTime(modified));
  return readable.pipeThrough(new CompressionStream("gzip"));
}

function tarTime(time: Date): Date {
  return new Date(Math.min(Math.max(time.getTime(), 0), tarSecondsMax * 1_000));
}

async function addAll(
  controller: TarPackController,
  files: readonly Pick<ArchiveFile, "name" | "bytes" | "blocks">[],
  mtime: Date,
): Promise<void> {
  try {
    for (const { name, bytes, blocks } of files) {
      const writer = controller.add({ name, size: bytes, mode: 0o600, mtime }).getWriter();
      for (const block of blocks()) {
        await writer.write(block);
        await nextTurn();
      }
      await writer.close();
    }
    controller.finalize();
  } catch (error) {
    // The reader gets this error, unless it has cancelled the stream.
    controller.error(error);
  }
}

/** The files that an archive must contain. An archive with any other file is refused. */
export interface WantedFiles {
  /** Names of the small files, whose content unpackArchive returns. */
  readonly texts: readonly string[];
  /** Name of the large file. */
  readonly streamed: string;
  /** Receives the large file's content, block by block. */
  receive(block: Uint8Array): void;
  /** Maximum total size of all unpacked files, in bytes. */
  readonly bytesMax: number;
}

/**
 * Unpacks an archive and returns the content of each small file by its name. The hashes are checked last, so the caller may
 * use the blocks that `receive` got only after this promise resolves.
 * @throws OperatingError invalid when the bytes are not an archive or the archive is damaged; too-large above the limits
 */
export async function unpackArchive(
  archive: ReadableStream<Uint8Array<ArrayBuffer>>,
  wanted: WantedFiles,
): Promise<ReadonlyMap<string, string>> {
  const small = new Map([...wanted.texts, sumsName].map((name) => [name, new SmallFile()]));
  const hashes = new Map<string, string>();
  try {
    for await (const { header, body } of openArchive(archive, wanted.bytesMax + tarBytesMax)) {
      const { name } = header;
      const file = name === wanted.streamed ? wanted : small.get(name);
      if (!file || hashes.has(name)) throw damaged(`it has an unexpected file ${JSON.stringify(name)}`);
      hashes.set(name, await receive(body, file));
    }
  } catch (error) {
    throw error instanceof OperatingError ? error : damaged(`it cannot be unpacked (${messageOf(error)})`, error);
  }
  checkHashes(hashes, { names: [...wanted.texts, wanted.streamed], sums: small.get(sumsName)?.text ?? "" });
  return new Map([...small].map(([name, { text }]) => [name, text]));
}

function openArchive(archive: ReadableStream<Uint8Array<ArrayBuffer>>, bytesMax: number) {
  return archive
    .pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(limit(bytesMax))
    .pipeThrough(createTarDecoder({ strict: true }));
}

/** Returns a transform that fails beyond `bytesMax` bytes: a few kilobytes can unpack to gigabytes. */
function limit(bytesMax: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(block, controller) {
      bytes += block.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      controller.enqueue(block);
    },
  });
}

async function receive(body: ReadableStream<Uint8Array>, file: Pick<WantedFiles, "receive">): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const block of body) {
    hasher.update(block);
    file.receive(block);
    await nextTurn();
  }
  return hasher.digest("hex");
}

class SmallFile {
  readonly #blocks: Uint8Array[] = [];
  #bytes = 0;

  receive(block: Uint8Array): void {
    this.#bytes += block.length;
    if (this.#bytes > smallBytesMax) throw damaged(`one of its files is longer than ${smallBytesMax} bytes`);
    this.#blocks.push(block);
  }

  get text(): string {
    return Buffer.concat(this.#blocks).toString();
  }
}

function checkHashes(
  hashes: ReadonlyMap<string, string>,
  { names, sums }: { readonly names: readonly string[]; readonly sums: string },
): void {
  const lines = new Set(sums.split("\n"));
  for (const name of names) {
    const hash = hashes.get(name);
    if (hash === undefined) throw damaged(`the file ${name} is missing`);
    if (!lines.has(`${hash}  ${name}`)) throw damaged(`the file ${name} does not match its hash`);
  }
}

function damaged(what: string, cause?: unknown): OperatingError {
  const message = `the archive is damaged or not an archive: ${what}. Nothing was changed; use another copy.`;
  return new OperatingError("invalid", "archive-damaged", message, { cause });
}

function tooLarge(bytesMax: number): OperatingError {
  const message = `the archive holds more than the limit of ${bytesMax} bytes. Nothing was changed.`;
  return new OperatingError("too-large", "archive-too-large", message);
}
