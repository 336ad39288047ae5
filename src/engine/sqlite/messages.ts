import type { Failure } from "../../lib/errors.ts";

/*
 * The messages between the engine and its worker thread. The engine sends `open` once, then batches (ArrayBuffers of
 * batch-codec.ts, transferred, not copied) and `ping`, and last `close`. The worker sends `rows` any number of times
 * and then `opened`, or else `refused`. It answers each batch with `committed` or `rejected` and each `ping` with
 * `pong`, all in the order in which they were sent, and `close` with `closed`.
 */

export type ToWorker =
  | ArrayBuffer
  | { readonly kind: "open"; readonly folder: string }
  | { readonly kind: "ping" }
  | { readonly kind: "close" };

export type FromWorker =
  | { readonly kind: "rows"; readonly block: ArrayBuffer }
  | { readonly kind: "opened" }
  | { readonly kind: "refused"; readonly failure: Failure }
  /** The oldest unanswered batch is durable. */
  | { readonly kind: "committed" }
  /** The oldest unanswered batch failed and was rolled back. */
  | { readonly kind: "rejected"; readonly failure: Failure }
  | { readonly kind: "pong" }
  | { readonly kind: "closed" };
