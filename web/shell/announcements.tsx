import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { AgentLine } from "./agent.ts";
import { type Failing, sentenceBetween } from "./sentence-between.ts";

/** The shortest time between two sentences: a screen reader must come to its end. */
const pauseMs = 5_000;

/** Tells screen readers what has become critical or has recovered since the last sentence: one sentence in five seconds at most. */
export function Announcements({ line }: { readonly line: AgentLine }): JSX.Element {
  const sentence = useSignal("");
  const told = useRef<Failing>(undefined);
  const newest = useRef<Failing>(line);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { isKnown } = line;
  const names = [...line.critical, "", ...line.warning].join("\n");
  useEffect(() => {
    if (!isKnown) return;
    newest.current = line;
    // The state at the start is no change.
    if (!told.current) told.current = line;
    else if (timer.current === undefined) tell();
  }, [isKnown, names]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <div role="status" class="unseen" data-said>
      {sentence.value}
    </div>
  );

  function tell(): void {
    timer.current = undefined;
    const text = told.current && sentenceBetween(told.current, newest.current);
    told.current = newest.current;
    if (text === undefined) return;
    sentence.value = text;
    timer.current = setTimeout(tell, pauseMs);
  }
}
