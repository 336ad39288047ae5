/** Options that every method of a client accepts. */
export interface CallOptions {
  /** When it aborts, the method aborts its request and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Timeout of each request that the method sends, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
}
