import type { JSX } from "preact";
import { useReading } from "../live/reading.ts";
import { isSparing } from "../live/sparing.ts";
import { Sparkline } from "../parts/sparkline.tsx";
import { Table } from "../parts/table.tsx";
import { api } from "../live/place.ts";
import { Frame } from "../shell/frame.tsx";
import { route, setQuery } from "../shell/router.ts";

/** The answer of `v1/praetor/metrics-series`. */
interface Metrics {
  readonly IntervalSeconds: number;
  readonly Series: readonly Series[];
}

interface Series {
  readonly Name: string;
  readonly Kind: "gauge" | "counter" | "sample";
  readonly Values: readonly (number | null)[];
}

/** The unit of a kind's values: a sample is a duration in milliseconds. */
const units: Readonly<Record<Series["Kind"], string>> = { gauge: "", counter: "in 10 s", sample: "ms" };

/** The agent's metrics of the last ten minutes. The page asks for them every ten seconds, while it is seen. */
export function Metrics(): JSX.Element {
  const reading = useReading<Metrics>({ path: "v1/praetor/metrics-series", topics: [], everyMs: 10_000 });
  const words = route.value.query.get("q") ?? "";
  const series = (reading.value?.Series ?? []).filter(({ Name }) => Name.includes(words.toLowerCase()));
  const tools = (
    <>
      <input
        type="search"
        data-search
        aria-label="Filter metrics"
        placeholder="Filter: name"
        value={words}
        onInput={({ currentTarget }) => setQuery("q", currentTarget.value)}
      />
      <a href={`${api.href}v1/agent/metrics?format=prometheus`} target="_blank" rel="noreferrer">
        Prometheus
      </a>
    </>
  );
  return (
    <Frame title="Metrics" readings={[reading]} tools={tools}>
      {isSparing() && <p class="hint">This browser saves data: the values are those of the last refresh.</p>}
      {reading.value?.Series.length === 0 && <p>The first values come ten seconds after the agent's start.</p>}
      {series.length > 0 && (
        <Table
          label="Metrics"
          items={series}
          keyOf={({ Name }) => Name}
          columns={[
            { title: "Name", cell: ({ Name }) => <code>{Name}</code> },
            { title: "Now", cell: ({ Values, Kind }) => shownOf(Values.at(-1), units[Kind]), isNumber: true },
            {
              title: "Ten minutes",
              cell: ({ Name, Values }) => <Sparkline values={Values} label={`${Name} in the last ten minutes`} />,
            },
          ]}
        />
      )}
    </Frame>
  );
}

function shownOf(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return "–";
  const number = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, notation: "compact" }).format(value);
  return `${number} ${unit}`;
}
