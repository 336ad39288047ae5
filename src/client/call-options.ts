/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How long the agent has for an answer, 5 s if not said otherwise; a call of several requests gives it to each. */
  readonly timeoutMs?: number;
}
