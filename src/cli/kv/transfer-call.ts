import { attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { CommandFlag } from "../command.ts";
import { formatFlag, wantsJson } from "../output-format.ts";
import { Progress } from "../progress.ts";
import { listenForShutdown } from "../shutdown.ts";
import { planTransfer, runTransfer, type Transfer, type Transferred, type TransferredKey } from "./transfer.ts";

/* The flags and the output that kv copy and kv move share. */

export const transferFlags: readonly CommandFlag[] = [
  { name: "force", kind: "bool", value: "", help: "Overwrite keys at the destination that have other values." },
  { name: "recurse", kind: "bool", value: "", help: "Take all keys of the folder FROM; TO is a folder, too." },
  { ...formatFlag, help: "A line for each key (pretty, the default), or JSON for programs." },
];

/** Runs kv copy or kv move; resolves with the exit code. */
export async function runTransferCall(call: ApiCall, isMove: boolean): Promise<number> {
  const { api, io } = call;
  const asJson = wantsJson(call);
  const transfer = transferOf(call, isMove);
  const done = isMove ? "Moved" : "Copied";
  const steps = await attempting("Error querying the agent", () => planTransfer(api, transfer));
  using shutdown = listenForShutdown(io);
  const progress = new Progress(io);
  const outcome = await runTransfer(api, steps, {
    signal: shutdown.signal,
    onDone(keys, count) {
      progress.end();
      if (!asJson) io.stdout(keys.map(({ from, to }) => `${done}: ${from} to ${to}\n`).join(""));
      // On a terminal the printed lines show the progress.
      if (!io.isTerminal || asJson) progress.show(`${done} ${count} of ${steps.length} keys`);
    },
  });
  progress.end();
  if (asJson) io.stdout(`${JSON.stringify(encode(outcome), undefined, 4)}\n`);
  if (outcome.fault === undefined) return 0;
  io.stderr(faultText(outcome, { done, all: steps.length, fault: outcome.fault }));
  return 1;
}

/** @throws CommandFailure if the arguments name no two keys or folders that can be copied */
function transferOf({ words, flags }: ApiCall, isMove: boolean): Transfer {
  const [from = "", to = ""] = words.map((word) => word.replace(/^\//, ""));
  if (words.length !== 2)
    throw new CommandFailure(`Error! The command needs FROM and TO (expected 2 arguments, got ${words.length})`);
  const [isTree, overwrites] = [flags.bool("recurse"), flags.bool("force")];
  if (!isTree && (from === "" || to === ""))
    throw new CommandFailure("Error! FROM and TO cannot be empty; -recurse takes folders");
  if (!isTree && from === to) throw new CommandFailure("Error! FROM and TO are the same key");
  if (!isTree) return { from, to, isTree, isMove, overwrites };
  const folders = { from: folderOf(from), to: folderOf(to) };
  if (folders.from.startsWith(folders.to) || folders.to.startsWith(folders.from))
    throw new CommandFailure("Error! A folder cannot go into itself or into a folder above it. Name another folder.");
  return { ...folders, isTree, isMove, overwrites };
}

function folderOf(name: string): string {
  return name === "" || name.endsWith("/") ? name : `${name}/`;
}

function faultText(
  { done, unknown, notDone }: Transferred,
  { done: verb, all, fault }: { readonly done: string; readonly all: number; readonly fault: string },
): string {
  const first = ({ length, 0: key }: readonly TransferredKey[]): string =>
    `${length}, ${length === 1 ? "" : "beginning with "}${key?.from}`;
  const lines = [
    `Error! ${verb} ${done.length} of ${all} keys: ${fault}`,
    ...(unknown.length === 0 ? [] : [`Unknown, since the agent did not confirm it: ${first(unknown)}`]),
    ...(notDone.length === 0 ? [] : [`Not done: ${first(notDone)}`]),
    "Run the command again: it does what is missing.",
  ];
  return `${lines.join("\n")}\n`;
}

function encode({ done, unknown, notDone, fault }: Transferred): object {
  const keys = (list: readonly TransferredKey[]): object => list.map(({ from, to }) => ({ From: from, To: to }));
  return {
    ...{ Done: keys(done), Unknown: keys(unknown), NotDone: keys(notDone) },
    ...(fault !== undefined && { Error: fault }),
  };
}
