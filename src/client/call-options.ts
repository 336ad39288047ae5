/** Options of every call. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Timeout of each request of the call; default 5 s. */
  readonly timeoutMs?: number;
}
