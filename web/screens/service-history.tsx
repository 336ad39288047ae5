import type { JSX } from "preact";
import type { TransitionsJson } from "../../src/wire/overview.ts";
import type { Instance } from "../live/answers.ts";
import { nowMs } from "../live/feed.ts";
import { useReading } from "../live/reading.ts";
import { StatusMark } from "../parts/status.tsx";
import { distance, Time } from "../parts/time.tsx";
import { type Outage, outagesOf } from "./outages.ts";

interface ServiceHistoryProps {
  readonly name: string;
  readonly instances: readonly Instance[] | undefined;
}

/** Outages that are listed; the bar has all. */
const listedMax = 10;
const [width, height] = [600, 16];

/** The outages and maintenance of a service since the agent's start: one bar, and the newest with start, length and reason. */
export function ServiceHistory({ name, instances }: ServiceHistoryProps): JSX.Element | null {
  const path = `v1/praetor/transitions?limit=4096&service=${encodeURIComponent(name)}`;
  const { value } = useReading<TransitionsJson>({ path, topics: ["health"] });
  const present = new Set(instances?.flatMap(({ Checks }) => Checks.map(({ Node, CheckID }) => `${Node}/${CheckID}`)));
  const outages = outagesOf(value?.Transitions ?? [], present);
  const [first] = value?.Transitions ?? [];
  if (!first) return null;
  const now = nowMs.value;
  const startMs = Date.parse(first.At);
  return (
    <section aria-label="History">
      <h2>
        History{" "}
        <span class="hint">of {distance(now - startMs)}, since the agent's start or its last 4,096 changes</span>
      </h2>
      <Bar {...{ outages, startMs, now }} />
      <ul class="outages">
        {outages
          .toReversed()
          .slice(0, listedMax)
          .map((outage) => (
            <li key={`${outage.check} ${outage.startMs ?? 0} ${outage.endMs ?? 0}`}>
              <StatusMark status={outage.status} /> <Length {...{ outage, now }} />{" "}
              <span class="hint">{outage.name}</span>
              {outage.reason !== "" && <span class="reason">{outage.reason}</span>}
            </li>
          ))}
      </ul>
    </section>
  );
}

function Length({
  outage: { startMs, endMs, isOver },
  now,
}: {
  readonly outage: Outage;
  readonly now: number;
}): JSX.Element {
  const began = startMs === undefined ? "from before" : <Time atMs={startMs} nowMs={now} />;
  if (!isOver) return <>{began}, lasts</>;
  if (endMs === undefined) return <>{began}, until its check was removed</>;
  return (
    <>
      {began}
      {startMs === undefined ? `, ended ${distance(now - endMs)} ago` : `, for ${distance(endMs - startMs)}`}
    </>
  );
}

interface BarProps {
  readonly outages: readonly Outage[];
  readonly startMs: number;
  readonly now: number;
}

/** The time from left to right, with a mark where a check failed, or the service was in maintenance. */
function Bar({ outages, startMs, now }: BarProps): JSX.Element {
  const scale = width / Math.max(1, now - startMs);
  const maintenance = outages.filter(({ status }) => status === "maintenance").length;
  const label = `${outages.length - maintenance} outages, ${maintenance} times of maintenance, in ${distance(now - startMs)}`;
  return (
    <svg class="history" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {outages.map(({ check, status, startMs: from = startMs, endMs, isOver }) => {
        const to = endMs ?? (isOver ? from : now);
        const length = Math.max(2, (to - from) * scale);
        return (
          <rect
            key={`${check} ${from}`}
            class={status}
            x={Math.min((from - startMs) * scale, width - length)}
            y={status === "warning" ? height / 2 : 0}
            width={length}
            height={status === "warning" ? height / 2 : height}
          />
        );
      })}
    </svg>
  );
}
