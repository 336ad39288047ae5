import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { type Anchor, readAnchor } from "../../lib/chain-anchor.ts";
import { fileFailure } from "../../lib/file-failure.ts";
import { type ChainKey, ChainReader, readChained } from "../../lib/hash-chain.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { localCommand, type LocalCall } from "../local-command.ts";

export const auditVerifyCommand: Command = localCommand({
  name: "audit verify",
  summary: "Verifies that no line of an audit log was changed",
  synopsis: "[options] PATH...",
  about:
    "Follows the chain of hashes through the files of an audit log, in the order of their lines, and prints each place where it is " +
    "broken: a line was changed, removed, inserted or moved, or lines at the end are missing. Exits with 1 when the chain is broken. Needs " +
    "no agent, but the key in its data folder.",
  examples: [
    {
      what: "All files of a log that is rotated",
      command: "audit verify -data-dir=/var/lib/praetor /var/log/praetor/audit*.json",
    },
  ],
  flags: [
    {
      name: "data-dir",
      kind: "text",
      value: "folder",
      help: "The data folder of the agent that wrote the log. It holds the key of the chain and its last known end.",
    },
  ],
  run: verify,
});

function verify({ words, flags, io }: LocalCall): Promise<number> {
  if (words.length === 0) throw new CommandFailure("Name the files of the audit log: praetor audit verify PATH...");
  const anchor = anchorOf(flags);
  const isToEnd = anchor?.kept !== undefined && reachesEnd(words, anchor.kept.path);
  const chain = new ChainReader({ key: anchor?.key, kept: isToEnd ? anchor.kept : undefined });
  const files = inOrder(words, anchor?.key);
  for (const path of files) {
    let line = 0;
    for (const text of linesOf(path)) chain.read(text, path, ++line);
  }
  chain.finish(files.at(-1) ?? "");
  for (const each of report(chain)) io.stdout(`${each}\n`);
  const { length } = chain.breaks;
  if (!anchor && length > 0 && length === chain.lines) io.stdout(`${needsKey}\n`);
  if (anchor?.kept && !isToEnd)
    io.stdout(`Not checked: the end of the log, since ${anchor.kept.path} is not among the files\n`);
  return Promise.resolve(length === 0 ? 0 : 1);
}

function anchorOf(flags: LocalCall["flags"]): Anchor | undefined {
  const folder = flags.text("data-dir") ?? "";
  if (folder === "") return undefined;
  const anchor = readAnchor(folder);
  if (anchor) return anchor;
  throw new CommandFailure(`The folder ${folder} holds no audit.key: is it the agent's data folder?`);
}

/** Returns whether the files must reach the end of the log. A copy elsewhere, or a part of the log, need not; a deleted last file must. */
function reachesEnd(paths: readonly string[], logPath: string): boolean {
  return paths.some((path) => resolve(path) === logPath) || !existsSync(logPath);
}

function report({ breaks, end, lines }: ChainReader): readonly string[] {
  const { length } = breaks;
  const last = end ? `, the last is number ${end.sequence} with the hash ${end.hash}` : "";
  const verdict =
    length === 0 ? "The chain is whole" : `The chain is broken at ${length} place${length === 1 ? "" : "s"}`;
  return [...breaks.map(({ file, line, why }) => `${file}:${line}: ${why}`), `${verdict}: ${lines} lines${last}`];
}

const needsKey = "An agent with a data folder writes lines with a key: name that folder with -data-dir";

/** Sorts files by the number of the first line that is whole. A file without one keeps its place. */
function inOrder(paths: readonly string[], key: ChainKey): readonly string[] {
  const placed: { readonly path: string; readonly first: number }[] = [];
  for (const path of paths) placed.push({ path, first: firstNumber(path, key) ?? placed.at(-1)?.first ?? 0 });
  return placed.toSorted((a, b) => a.first - b.first).map(({ path }) => path);
}

function firstNumber(path: string, key: ChainKey): number | undefined {
  for (const text of linesOf(path)) {
    const read = readChained(text, key);
    if (read) return read.sequence;
  }
  return undefined;
}

/**
 * Yields the lines of a file without their line breaks. It reads the file by itself, in order, up to its end: a stream that was left early
 * shares nothing with the next one. @throws CommandFailure naming the file that cannot be read
 */
function* linesOf(path: string): Generator<string> {
  const decoder = new TextDecoder();
  const block = new Uint8Array(blockBytes);
  let rest = "";
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    for (let count = 1; count > 0;) {
      count = readSync(descriptor, block);
      const lines = (rest + decoder.decode(block.subarray(0, count), { stream: count > 0 })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (error) {
    throw new CommandFailure(`Error reading the audit log: ${fileFailure(error)}`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
  if (rest !== "") yield rest;
}

const blockBytes = 64 * 1024;
