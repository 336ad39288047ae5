import type { ComponentChildren, JSX } from "preact";
import { connection, nowMs } from "../live/feed.ts";
import { type Need, textOfNeed } from "../live/need.ts";
import { isReadOnly } from "../live/place.ts";
import { refresh } from "../live/reading.ts";
import { may } from "../live/rights.ts";
import { hindranceIn, type ViewState } from "../live/view-state.ts";
import { distance, timeOfDay } from "./time.tsx";

interface StateBarProps {
  readonly state: ViewState;
  /** The agent's node, for the sentences; undefined while it is unknown. */
  readonly node: string | undefined;
  /** Opens the dialogue for a token, when the agent denies the data. */
  readonly onLogIn: () => void;
}

/** The bar above a screen that says why its data is not live; nothing while it is live. */
export function StateBar({ state, node = "the agent", onLogIn }: StateBarProps): JSX.Element | null {
  const now = nowMs.value;
  switch (state.kind) {
    case "live":
      return null;
    case "loading":
      return <Bar kind="loading">{now - state.askedMs > 2_000 ? `Asking ${node}` : ""}</Bar>;
    case "stale":
      return (
        <Bar kind="stale" button="Refresh">
          As of {timeOfDay(state.asOfMs)} ({distance(now - state.asOfMs)} old).
        </Bar>
      );
    case "offline":
      return (
        <Bar kind="offline" button="Try again">
          No answer from {node} for {distance(now - state.sinceMs)}; trying again in{" "}
          {distance(Math.max(0, state.retryAtMs - now))}.
          {state.asOfMs !== undefined && ` What you see is from ${timeOfDay(state.asOfMs)}.`}
        </Bar>
      );
    case "denied":
      return (
        <Bar kind="denied" button="Log in" onButton={onLogIn}>
          Not allowed: {state.text}
        </Bar>
      );
    case "refused":
      return (
        <Bar kind="refused" button="Try again">
          {state.text}
        </Bar>
      );
    case "gone":
      return <Bar kind="gone">{state.text}</Bar>;
  }
}

/** Why something cannot be written now; undefined if it can. @param need the right that the write needs, if the screen knows it */
export function hindranceOf(need?: Need): string | undefined {
  const isAllowed = need && may(need);
  const found = hindranceIn({ isReadOnly, connection: connection.value, need, isAllowed });
  switch (found?.kind) {
    case "read-only":
      return "The agent lets browsers only read (ui_config.read_only).";
    case "offline":
      return "No answer from the agent: nothing can be changed now.";
    case "denied":
      return `Not allowed: ${textOfNeed(found.need)}`;
    case undefined:
      return undefined;
  }
}

interface BarProps {
  readonly kind: ViewState["kind"];
  readonly button?: string;
  /** Default: reads everything again. */
  readonly onButton?: () => void;
  readonly children: ComponentChildren;
}

function Bar({ kind, button, onButton = refresh, children }: BarProps): JSX.Element {
  return (
    <div class={`bar ${kind}`} data-state={kind} aria-busy={kind === "loading"}>
      <p>{children}</p>
      {button !== undefined && (
        <button type="button" onClick={onButton}>
          {button}
        </button>
      )}
    </div>
  );
}
