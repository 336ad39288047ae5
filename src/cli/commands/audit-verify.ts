import { fileFailure } from "../../lib/file-failure.ts";
import { ChainReader, readChained } from "../../lib/hash-chain.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { localCommand, type LocalCall } from "../local-command.ts";

export const auditVerifyCommand: Command = localCommand({
  name: "audit verify",
  summary: "Verifies that no line of an audit log was changed",
  synopsis: "[options] PATH...",
  about:
    "Follows the chain of hashes through the files of an audit log, in the order of their lines, and prints each place where it is " +
    "broken: a line was changed, removed, inserted or moved. Prints the last hash: who keeps it elsewhere can tell later whether the " +
    "end was cut off or all was written anew. Exits with 1 when the chain is broken. Needs no agent.",
  examples: [{ what: "All files of a log that is rotated", command: "audit verify /var/log/praetor/audit*.json" }],
  run: verify,
});

async function verify({ words, io }: LocalCall): Promise<number> {
  if (words.length === 0) throw new CommandFailure("Name the files of the audit log: praetor audit verify PATH...");
  const chain = new ChainReader();
  for (const path of await inOrder(words)) {
    let line = 0;
    for await (const text of linesOf(path)) chain.read(text, path, ++line);
  }
  for (const { file, line, why } of chain.breaks) io.stdout(`${file}:${line}: ${why}\n`);
  const { length } = chain.breaks;
  const end = chain.end ? `, the last is number ${chain.end.sequence} with the hash ${chain.end.hash}` : "";
  const verdict =
    length === 0 ? "The chain is whole" : `The chain is broken at ${length} place${length === 1 ? "" : "s"}`;
  io.stdout(`${verdict}: ${chain.lines} lines${end}\n`);
  return length === 0 ? 0 : 1;
}

/** Sorts files by the number of the first line that is whole. A file without one keeps its place. */
async function inOrder(paths: readonly string[]): Promise<readonly string[]> {
  const placed: { readonly path: string; readonly first: number }[] = [];
  for (const path of paths) placed.push({ path, first: (await firstNumber(path)) ?? placed.at(-1)?.first ?? 0 });
  return placed.toSorted((a, b) => a.first - b.first).map(({ path }) => path);
}

async function firstNumber(path: string): Promise<number | undefined> {
  for await (const text of linesOf(path)) {
    const read = readChained(text);
    if (read) return read.sequence;
  }
  return undefined;
}

/** Yields the lines of a file without their line breaks. @throws CommandFailure naming the file that cannot be read */
async function* linesOf(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of Bun.file(path).stream()) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (error) {
    throw new CommandFailure(`Error reading the audit log: ${fileFailure(error)}`);
  }
  if (rest !== "") yield rest;
}
