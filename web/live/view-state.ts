import type { Connection } from "./connection.ts";
import type { Need } from "./need.ts";
import type { Failure } from "./request.ts";

/*
 * The state of a screen, in one function: every bar, dot and disabled button follows it. `loading` has no data to show; `stale`,
 * `offline` and `live` show the last data; `denied`, `refused` and `gone` say why with the agent's text, and keep showing the
 * last data if there is any.
 */

export type ViewState =
  /** The first answer has not come. `askedMs` is when it was asked for. */
  | { readonly kind: "loading"; readonly askedMs: number }
  | { readonly kind: "live" }
  | { readonly kind: "stale"; readonly asOfMs: number }
  /** `asOfMs` is undefined if there never was an answer. */
  | {
      readonly kind: "offline";
      readonly sinceMs: number;
      readonly retryAtMs: number;
      readonly asOfMs: number | undefined;
    }
  | { readonly kind: "denied" | "refused" | "gone"; readonly text: string };

/** The last data of a read, and how the last attempt ended. */
export interface Reading<T> {
  /** The last data; undefined before the first answer. */
  readonly value: T | undefined;
  /** X-Consul-Index of the last data. */
  readonly index: number;
  /** When the last data came; undefined before the first answer. */
  readonly asOfMs: number | undefined;
  readonly askedMs: number;
  /** Why the last attempt failed; undefined if it did not. */
  readonly failure: Failure | undefined;
  /** When the failures began; undefined without a failure. */
  readonly failedSinceMs: number | undefined;
}

/** Data older than this is stale unless a request is held that would tell of a change. */
const freshMs = 15_000;

/** Returns the state of a screen that shows this reading. */
export function viewStateOf(reading: Reading<unknown>, connection: Connection, nowMs: number): ViewState {
  const { asOfMs, failure, failedSinceMs } = reading;
  if (failure && failure.kind !== "offline") return { kind: failure.kind, text: failure.text };
  if (connection.kind === "lost") {
    const { sinceMs, retryAtMs } = connection;
    return { kind: "offline", sinceMs: Math.min(sinceMs, failedSinceMs ?? sinceMs), retryAtMs, asOfMs };
  }
  if (failure) return { kind: "offline", sinceMs: failedSinceMs ?? nowMs, retryAtMs: nowMs, asOfMs };
  if (asOfMs === undefined) return { kind: "loading", askedMs: reading.askedMs };
  if (connection.kind === "held" || nowMs - asOfMs <= freshMs) return { kind: "live" };
  return { kind: "stale", asOfMs };
}

/** Returns the worse of the states of a screen that shows several readings. */
export function worseState(a: ViewState, b: ViewState): ViewState {
  return badness.indexOf(a.kind) >= badness.indexOf(b.kind) ? a : b;
}

const badness: readonly ViewState["kind"][] = ["live", "stale", "loading", "gone", "offline", "refused", "denied"];

/** Why nothing can be written: "read-only" by the agent's configuration, "offline", or "denied" since the token lacks a right. */
export type Hindrance = { readonly kind: "read-only" | "offline" } | { readonly kind: "denied"; readonly need: Need };

interface Writing {
  readonly isReadOnly: boolean;
  readonly connection: Connection;
  /** The right that the write needs; undefined if the screen does not know. */
  readonly need: Need | undefined;
  /** Whether the token has the right; undefined while that is unknown. */
  readonly isAllowed: boolean | undefined;
}

/** Returns why something cannot be written now; undefined if it can. */
export function hindranceIn({ isReadOnly, connection, need, isAllowed }: Writing): Hindrance | undefined {
  if (isReadOnly) return { kind: "read-only" };
  if (connection.kind === "lost") return { kind: "offline" };
  return need !== undefined && isAllowed === false ? { kind: "denied", need } : undefined;
}
