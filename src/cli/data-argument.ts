import { readFile } from "node:fs/promises";
import { CommandFailure } from "./command-failure.ts";
import type { CommandIo } from "./command.ts";
import { fileFailure } from "../lib/file-failure.ts";

/**
 * Reads a DATA argument: the data themselves, "@path" for a file, or "-" for standard input.
 * @param failing the text before "Failed to read file" in the error, with the blank between them
 * @throws CommandFailure if the file cannot be read
 */
export async function readData(
  word: string,
  io: Pick<CommandIo, "stdin">,
  failing = "Error! ",
): Promise<Uint8Array<ArrayBuffer>> {
  if (word === "-") return new Uint8Array(await io.stdin());
  if (!word.startsWith("@")) return new TextEncoder().encode(word);
  try {
    return new Uint8Array(await readFile(word.slice(1)));
  } catch (error) {
    throw new CommandFailure(`${failing}Failed to read file: ${fileFailure(error)}`);
  }
}

/** Reads a DATA argument that is text in UTF-8, as readData does. */
export async function readText(word: string, io: Pick<CommandIo, "stdin">, failing?: string): Promise<string> {
  return new TextDecoder().decode(await readData(word, io, failing));
}
