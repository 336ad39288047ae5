import type { JSX } from "preact";

interface SparklineProps {
  /** Values at equal distances in time, oldest first; null for none. */
  readonly values: readonly (number | null)[];
  /** The subject for screen readers, which get the lowest and the highest value too. */
  readonly label: string;
}

const [width, height] = [120, 24];

/** A line of values without axes; a gap where there was none. */
export function Sparkline({ values, label }: SparklineProps): JSX.Element {
  const known = values.filter((value) => value !== null);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const text = known.length === 0 ? `${label}: no value` : `${label}: from ${low} to ${high}`;
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={text}>
      {runsOf(values).map((run) => (
        <polyline
          key={run[0]?.at}
          points={run.map((each) => pointOf(each, { low, high, last: values.length - 1 })).join(" ")}
        />
      ))}
    </svg>
  );
}

interface Point {
  readonly at: number;
  readonly value: number;
}

/** Returns the stretches without a gap. */
function runsOf(values: readonly (number | null)[]): readonly (readonly Point[])[] {
  const runs: Point[][] = [];
  let run: Point[] | undefined;
  for (const [at, value] of values.entries()) {
    if (value === null) {
      run = undefined;
      continue;
    }
    if (!run) runs.push((run = []));
    run.push({ at, value });
  }
  return runs;
}

function pointOf({ at, value }: Point, { low, high, last }: { low: number; high: number; last: number }): string {
  const x = last === 0 ? 0 : (at / last) * width;
  const y = high === low ? height / 2 : height - 1 - ((value - low) / (high - low)) * (height - 2);
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
