import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useReading } from "../live/reading.ts";
import { followLines } from "../live/lines.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Frame } from "../shell/frame.tsx";
import { route, setQuery } from "../shell/router.ts";

const levels = ["error", "warn", "info", "debug", "trace"] as const;
/** Lines that the page keeps; the agent has as many in its memory. */
const linesMax = 1_000;

/** The newest lines of the agent's log, and those that come while the screen is open. */
export function Log(): JSX.Element {
  const { query } = route.value;
  const level = query.get("level") ?? "info";
  const words = query.get("q") ?? "";
  // The reading says whether the agent answers and lets its log be read; the stream has the lines.
  const reading = useReading<unknown>({ path: "v1/praetor/log?lines=1", topics: [] });
  const lines = useSignal<readonly string[]>([]);
  const isStopped = useSignal(false);
  const end = useRef<HTMLDivElement>(null);
  /** The level of the lines that are shown. */
  const followed = useRef<string | undefined>(undefined);
  const { asOfMs } = reading;
  useEffect(() => {
    if (isStopped.value || asOfMs === undefined) return undefined;
    if (followed.current !== level) lines.value = [];
    followed.current = level;
    let isFirst = true;
    return followLines(`v1/agent/monitor?loglevel=${level}&last=${linesMax}`, (more) => {
      // A stream begins with the lines of the agent's memory. Until it has begun, those that are shown stay.
      lines.value = [...(isFirst ? [] : lines.peek()), ...more].slice(-linesMax);
      isFirst = false;
    });
  }, [level, isStopped.value, asOfMs]);
  const shown = lines.value.filter((line) => line.toLowerCase().includes(words.toLowerCase()));
  useEffect(() => {
    if (!isStopped.value) end.current?.scrollIntoView({ block: "end" });
  }, [shown.length]);
  const tools = (
    <>
      <input
        type="search"
        data-search
        aria-label="Filter lines"
        placeholder="Filter: text of a line"
        value={words}
        onInput={({ currentTarget }) => setQuery("q", currentTarget.value)}
      />
      <select aria-label="Level" value={level} onChange={({ currentTarget }) => setQuery("level", currentTarget.value)}>
        {levels.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      <button type="button" aria-pressed={isStopped.value} onClick={() => (isStopped.value = !isStopped.value)}>
        {isStopped.value ? "Go on" : "Stop"}
      </button>
      <CopyButton text={shown.join("\n")} thing="the lines" />
    </>
  );
  return (
    <Frame title="Log" readings={[reading]} tools={tools}>
      <p class="hint">
        {shown.length} lines{isStopped.value ? ", stopped" : ""}
      </p>
      <div class="log" role="log" aria-label="Log" aria-live="off" tabIndex={0}>
        {shown.map((line, at) => (
          <div key={at} class={levelOf(line)}>
            {line}
          </div>
        ))}
        <div ref={end} />
      </div>
    </Frame>
  );
}

/** Returns the status whose colour a line has; the line itself has the level's word. */
function levelOf(line: string): "critical" | "warning" | undefined {
  if (line.includes(" [ERROR] ")) return "critical";
  return line.includes(" [WARN] ") ? "warning" : undefined;
}
