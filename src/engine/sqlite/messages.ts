import type { ErrorKind } from "../../lib/errors.ts";

/*
 * The messages between the two threads. To the worker: `open` once, then batches (as bare ArrayBuffers from
 * batch-codec.ts, transferred, not copied) and `ping`, and at last `close`. From it: `rows` any number of times and then
 * `opened`, or `refused`; `committed` and `rejected`, which settle the batches in the order they were sent; `pong`, which
 * settles a ping in the same order; `closed`.
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
  /** The oldest batch is durable. */
  | { readonly kind: "committed" }
  /** The oldest batch failed, and nothing of it is kept. */
  | { readonly kind: "rejected"; readonly failure: Failure }
  | { readonly kind: "pong" }
  | { readonly kind: "closed" };

/** The fields of an OperatingError: a message between threads loses its class. */
export interface Failure {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
}
