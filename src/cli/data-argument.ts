import { readFile } from "node:fs/promises";
import { CommandFailure } from "./command-failure.ts";
import type { CommandIo } from "./command.ts";
import { fileFailure } from "../lib/file-failure.ts";

/**
 * Reads a DATA argument: the data themselves, "@path" for a file, or "-" for standard input.
 * @throws CommandFailure if the file cannot be read
 */
export async function readData(word: string, io: Pick<CommandIo, "stdin">): Promise<Uint8Array<ArrayBuffer>> {
  if (word === "-") return new Uint8Array(await io.stdin());
  if (!word.startsWith("@")) return new TextEncoder().encode(word);
  try {
    return new Uint8Array(await readFile(word.slice(1)));
  } catch (error) {
    throw new CommandFailure(`Error! Failed to read file: ${fileFailure(error)}`);
  }
}
