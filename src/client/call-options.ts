/** Options of every call of a client. */
export interface CallOptions {
  /** Ends the call when it aborts. The call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Timeout of each request of the call, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
}
