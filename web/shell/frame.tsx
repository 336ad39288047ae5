import type { ComponentChildren, JSX } from "preact";
import { connection, nowMs } from "../live/feed.ts";
import { type Reading, viewStateOf, worseState } from "../live/view-state.ts";
import { StateBar } from "../parts/state-bar.tsx";
import { Time } from "../parts/time.tsx";
import { useAgentLine } from "./agent.ts";
import { dialogue } from "./dialogues.ts";

interface FrameProps {
  readonly title: string;
  /** The data of the screen, at least one reading; the worst of their states is the screen's. */
  readonly readings: readonly Reading<unknown>[];
  /** The elements right of the title, such as a filter. */
  readonly tools?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The frame of every screen: its title, its tools, the bar of its state, and its data, which no state ever empties. */
export function Frame({ title, readings, tools, children }: FrameProps): JSX.Element {
  const { node } = useAgentLine();
  const now = nowMs.value;
  const state = readings.map((each) => viewStateOf(each, connection.value, now)).reduce(worseState);
  const readMs = Math.min(...readings.map(({ asOfMs }) => asOfMs ?? Infinity));
  return (
    <>
      <div class="head">
        <h1>{title}</h1>
        {tools}
        {Number.isFinite(readMs) && (
          <span class="hint age">
            read <Time atMs={readMs} nowMs={now} />
          </span>
        )}
      </div>
      <StateBar {...{ state, node }} onLogIn={() => (dialogue.value = "log-in")} />
      {children}
    </>
  );
}
