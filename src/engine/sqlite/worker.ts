import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Failure, FromWorker, ToWorker } from "./messages.ts";
import { RowFile } from "./row-file.ts";

/*
 * The thread that owns the file. Each batch is a transaction with one sync; the store forms the batches. The thread tidies
 * the file after it has answered.
 */

declare const self: Worker;

let rowFile: RowFile | undefined;
/** A further step of a fold is due. */
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
  if (rowFile?.keepInShape() === true) foldOnSoon();
}

/** Takes one step in each turn of the thread, so that batches that have arrived meanwhile go first. */
function foldOnSoon(): void {
  if (isFolding) return;
  isFolding = true;
  setImmediate(() => {
    isFolding = false;
    if (rowFile?.foldOn() === true) foldOnSoon();
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
