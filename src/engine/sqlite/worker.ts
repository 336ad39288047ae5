import { type Failure, messageOf, OperatingError } from "../../lib/errors.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { RowFile } from "./row-file.ts";

/*
 * The thread that reads and writes the store's file. It commits each batch that it receives in one transaction with one
 * sync and answers. Afterwards it extends the WAL and moves logged batches into the table of rows (a fold).
 */

declare const self: Worker;

let rowFile: RowFile | undefined;
/** Whether a further step of a fold is scheduled. */
let isFolding = false;

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>): void => {
  if (data instanceof ArrayBuffer) commit(data);
  else if (data.kind === "open") open(data.folder);
  else if (data.kind === "ping") post({ kind: "pong" });
  else close();
});

function open(folder: string): void {
  try {
    rowFile = RowFile.open(folder);
    rowFile.load((block) => post({ kind: "rows", block }, [block]));
    post({ kind: "opened" });
  } catch (error) {
    rowFile?.close();
    post({ kind: "refused", failure: failureOf(error) });
  }
}

function commit(batch: ArrayBuffer): void {
  try {
    rowFile?.commit(batch);
  } catch (error) {
    post({ kind: "rejected", failure: failureOf(error) });
    return;
  }
  post({ kind: "committed" });
  if (rowFile?.maintain() === true) continueFoldSoon();
}

/** Takes one step of a fold per turn of the event loop, so that batches that arrive meanwhile are committed first. */
function continueFoldSoon(): void {
  if (isFolding) return;
  isFolding = true;
  setImmediate(() => {
    isFolding = false;
    if (rowFile?.continueFold() === true) continueFoldSoon();
  });
}

function close(): void {
  rowFile?.close();
  rowFile = undefined;
  post({ kind: "closed" });
}

function failureOf(error: unknown): Failure {
  if (error instanceof OperatingError) return { kind: error.kind, code: error.code, message: error.message };
  return { kind: "unavailable", code: "disk-error", message: messageOf(error) };
}

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, transfer);
}
