import type { Comparison } from "./compare.ts";
import type { Figure, Goal } from "./row.ts";

/** Returns the comparisons as a Markdown table with padded columns. */
export function renderTable(comparisons: readonly Comparison[]): string {
  const header = ["", "Praetor", "Consul", "ratio", "goal", "", "Praetor p50 / p99", "Consul p50 / p99"];
  return renderCells(header, comparisons.map(cellsOf));
}

/** Returns a Markdown table whose first column is aligned left and the others right. */
export function renderCells(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [...lines.slice(0, 1), rule, ...lines.slice(1)].map((cells) => renderLine(cells, widths)).join("\n");
}

/** Returns one comparison as a line of text for the terminal. */
export function renderProgress(comparison: Comparison): string {
  const [title, praetor, consul, times, goal, verdict, praetorLatency, consulLatency] = cellsOf(comparison);
  const latencies = comparison.praetor.latency ? `; p50 / p99 ${praetorLatency} against ${consulLatency}` : "";
  return `${title}: ${praetor} against ${consul}, ${times} (goal ${goal}): ${verdict}${latencies}`;
}

function cellsOf({ row, praetor, consul, times, shortOf }: Comparison): readonly string[] {
  return [
    row.title,
    `${formatNumber(praetor.value)} ${row.unit}`,
    `${formatNumber(consul.value)} ${row.unit}`,
    formatTimes(times),
    formatGoal(row.goal, row.unit),
    shortOf.length === 0 ? "pass" : `short: ${shortOf.join(", ")}`,
    formatLatency(praetor),
    formatLatency(consul),
  ];
}

function renderLine(cells: readonly string[], widths: readonly number[]): string {
  const padded = cells.map((cell, column) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
  );
  return `| ${padded.join(" | ")} |`;
}

/** Formats a ratio, as in "2.50×"; "∞" for a ratio to 0. */
function formatTimes(times: number): string {
  return Number.isFinite(times) ? `${times.toFixed(2)}×` : "∞";
}

function formatGoal(goal: Goal, unit: string): string {
  switch (goal.kind) {
    case "times":
      return `≥ ${goal.timesMin}×`;
    case "below":
      return `< ${goal.valueMax} ${unit}`;
    case "atLeast":
      return `≥ ${goal.valueMin} ${unit}`;
  }
}

function formatLatency({ latency }: Figure): string {
  return latency === undefined ? "" : `${formatNumber(latency.p50Ms)} / ${formatNumber(latency.p99Ms)} ms`;
}

/** Formats a number with three significant digits at most, or from 1,000 on as a whole number. */
export function formatNumber(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
