/*
 * The connection to the agent: the one held request that all tabs of a browser share. This file has no I/O: it is the state machine,
 * and the pauses between attempts.
 */

export type Connection =
  /** The first request has no answer yet. */
  | { readonly kind: "opening" }
  /** A request is held, so a change is known at once. */
  | { readonly kind: "held"; readonly sinceMs: number }
  /** The last request failed. */
  | { readonly kind: "lost"; readonly sinceMs: number; readonly retryAtMs: number; readonly text: string }
  /** The agent refuses the held request: the token may not read its topics. */
  | { readonly kind: "denied"; readonly text: string }
  /** No request is held, since the tab is hidden or the user paused it. */
  | { readonly kind: "released" };

export type ConnectionEvent =
  | { readonly kind: "asked" }
  | { readonly kind: "answered"; readonly nowMs: number }
  | { readonly kind: "failed"; readonly nowMs: number; readonly pauseMs: number; readonly text: string }
  | { readonly kind: "denied"; readonly text: string }
  | { readonly kind: "released" };

/** Returns the connection after an event. */
export function nextConnection(now: Connection, event: ConnectionEvent): Connection {
  switch (event.kind) {
    case "asked":
      // A held or lost connection stays so until an answer says more.
      return now.kind === "released" || now.kind === "denied" ? { kind: "opening" } : now;
    case "answered":
      return now.kind === "held" ? now : { kind: "held", sinceMs: event.nowMs };
    case "failed": {
      const sinceMs = now.kind === "lost" ? now.sinceMs : event.nowMs;
      return { kind: "lost", sinceMs, retryAtMs: event.nowMs + event.pauseMs, text: event.text };
    }
    case "denied":
      return { kind: "denied", text: event.text };
    case "released":
      return { kind: "released" };
  }
}

const firstPauseMs = 500;
const pauseMsMax = 30_000;

/**
 * Returns the pause before the next attempt, in milliseconds: 0.5 s, doubled for each failure in a row up to 30 s, of which up to
 * half is chance, so that the browsers of a plant do not come back in one moment.
 * @param failures failures in a row, 1 or more
 * @param chance a random number from 0 to 1
 */
export function pauseAfter(failures: number, chance: number): number {
  const whole = Math.min(pauseMsMax, firstPauseMs * 2 ** (failures - 1));
  return whole * (1 - chance / 2);
}
