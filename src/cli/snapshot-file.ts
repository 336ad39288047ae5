import { open } from "node:fs/promises";
import { OperatingError } from "../lib/errors.ts";
import { CommandFailure } from "./command-failure.ts";
import { fileFailure } from "../lib/file-failure.ts";
import { JsonRow } from "../client/json-row.ts";

/** The metadata of a snapshot, with the field names of its meta.json. */
export interface SnapshotSummary {
  readonly ID: string;
  /** The size of the state in bytes. */
  readonly Size: number;
  readonly Index: number;
  readonly Term: number;
  readonly Version: number;
}

/**
 * Reads a whole snapshot and verifies its hashes.
 * @throws CommandFailure if the file cannot be read, is damaged, or is not a snapshot
 */
export async function verifySnapshot(path: string): Promise<SnapshotSummary> {
  await checkBeginning(path);
  // Loads this module only here, since most commands do not need it.
  const { unpackArchive } = await import("../lib/checked-archive.ts");
  const wanted = { texts: ["meta.json"], streamed: "state.bin", receive: () => {}, bytesMax: Number.MAX_SAFE_INTEGER };
  try {
    const texts = await unpackArchive(Bun.file(path).stream(), wanted);
    return summaryOf(texts.get("meta.json") ?? "");
  } catch (error) {
    if (error instanceof OperatingError) throw new CommandFailure(`Error verifying snapshot: ${error.message}`);
    throw error;
  }
}

const gzipMagic = Buffer.from([0x1f, 0x8b]);

/** Throws CommandFailure for a file that is not gzip. Consul: the error has Go's message. */
async function checkBeginning(path: string): Promise<void> {
  const beginning = await readBeginning(path, gzipMagic.length);
  if (beginning.equals(gzipMagic)) return;
  const what = beginning.length === 0 ? "EOF" : "gzip: invalid header";
  throw new CommandFailure(`Error verifying snapshot: failed to decompress snapshot: ${what}`);
}

async function readBeginning(path: string, bytes: number): Promise<Buffer> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw new CommandFailure(`Error opening snapshot file: ${fileFailure(error)}`);
  }
}

function summaryOf(text: string): SnapshotSummary {
  const meta = new JsonRow(parsed(text));
  const number = (name: string): number => meta.number(name);
  return {
    ID: meta.text("ID"),
    Size: number("Size"),
    Index: number("Index"),
    Term: number("Term"),
    Version: number("Version"),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandFailure("Error verifying snapshot: its meta.json is not JSON; use another copy");
  }
}
