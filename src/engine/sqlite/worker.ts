import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Failure, FromWorker, ToWorker } from "./messages.ts";
import { RowFile } from "./row-file.ts";

/*
 * The thread that owns the file. Batches that have arrived by the time it gets to them become one transaction: one
 * sync for all. If that fails they are tried one by one, so that one batch's failure is not another's.
 */

declare const self: Worker;

let rowFile: RowFile | undefined;
let queued: ArrayBuffer[] = [];

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>): void => {
  if (data instanceof ArrayBuffer) enqueue(data);
  else if (data.kind === "open") open(data.folder);
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

function enqueue(batch: ArrayBuffer): void {
  queued.push(batch);
  if (queued.length === 1) setImmediate(commitQueued);
}

function commitQueued(): void {
  const batches = queued;
  queued = [];
  if (batches.length === 0) return;
  const failure = commit(batches);
  if (failure === undefined) post({ kind: "committed", count: batches.length });
  else if (batches.length === 1) post({ kind: "rejected", failure });
  else for (const batch of batches) settleAlone(batch);
  rowFile?.checkpointIfDue();
}

function settleAlone(batch: ArrayBuffer): void {
  const failure = commit([batch]);
  post(failure === undefined ? { kind: "committed", count: 1 } : { kind: "rejected", failure });
}

function commit(batches: readonly ArrayBuffer[]): Failure | undefined {
  try {
    rowFile?.commit(batches);
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}

function close(): void {
  commitQueued();
  rowFile?.close();
  post({ kind: "closed" });
}

function failureOf(error: unknown): Failure {
  if (error instanceof OperatingError) return { kind: error.kind, code: error.code, message: error.message };
  return { kind: "unavailable", code: "disk-error", message: messageOf(error) };
}

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  self.postMessage(message, transfer);
}
