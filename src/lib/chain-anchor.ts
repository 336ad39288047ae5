import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, OperatingError } from "./errors.ts";
import { isMissing } from "./file-failure.ts";
import type { ChainEnd } from "./hash-chain.ts";
import { isRecord } from "./is-record.ts";
import { secretBytes } from "./secret-bytes.ts";

/** The end that a chain had, and the path of its file. */
export interface KeptEnd extends ChainEnd {
  readonly path: string;
}

export interface Anchor {
  readonly key: Uint8Array;
  /** Undefined before the first end was kept. */
  readonly kept: KeptEnd | undefined;
}

const keyBytes = 32;
const keyFile = (folder: string): string => join(folder, "audit.key");
const endFile = (folder: string): string => join(folder, "audit.end");

/**
 * Reads the key and the end of the audit log's chain from the data folder; undefined if there is no key.
 * @throws OperatingError unavailable when a file cannot be read, or does not hold what it should
 */
export function readAnchor(folder: string): Anchor | undefined {
  const hex = readText(keyFile(folder))?.trim();
  if (hex === undefined) return undefined;
  if (!new RegExp(`^[0-9a-f]{${keyBytes * 2}}$`).test(hex)) throw unusable(keyFile(folder), "it holds no key");
  return { key: Buffer.from(hex, "hex"), kept: readEnd(endFile(folder)) };
}

/** Reads the key and the end, and makes a key if the folder has no key yet. @throws as readAnchor, and when the key cannot be written */
export function openAnchor(folder: string): Anchor {
  const known = readAnchor(folder);
  if (known) return known;
  const key = secretBytes(keyBytes);
  try {
    const temporary = `${keyFile(folder)}.new`;
    const descriptor = openSync(temporary, "w", 0o600);
    writeSync(descriptor, `${Buffer.from(key).toString("hex")}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(temporary, keyFile(folder));
  } catch (error) {
    throw unusable(keyFile(folder), messageOf(error), error);
  }
  return { key, kept: readEnd(endFile(folder)) };
}

/** Keeps the end of a chain, whose lines are on the disk. */
export async function keepEnd(folder: string, { path, sequence, hash }: KeptEnd): Promise<void> {
  const temporary = `${endFile(folder)}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ path, sequence, hash })}\n`);
    // Without this, a power cut could leave an empty file under the new name.
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, endFile(folder));
}

function readEnd(path: string): KeptEnd | undefined {
  const text = readText(path);
  if (text === undefined) return undefined;
  let end: unknown;
  try {
    end = JSON.parse(text);
  } catch {
    end = undefined;
  }
  if (isRecord(end)) {
    const { path: file, sequence, hash } = end;
    if (typeof file === "string" && typeof sequence === "number" && typeof hash === "string")
      return { path: file, sequence, hash };
  }
  throw unusable(path, "it holds no end of a chain");
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unusable(path, messageOf(error), error);
  }
}

function unusable(path: string, why: string, cause?: unknown): OperatingError {
  const advice = "Restore it from a backup; without it, lines that were written before cannot be verified";
  return new OperatingError("unavailable", "audit-log", `cannot use ${path}: ${why}. ${advice}`, { cause });
}
