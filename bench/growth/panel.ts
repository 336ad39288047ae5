import { formatNumber } from "../lib/table.ts";
import { middles, seriesOf, type ContenderName, type Growth } from "./figures.ts";
import type { GrowthRow } from "./measurement.ts";
import { axisOf, contenders, ticksOf, type Axis } from "./scale.ts";
import type { Size } from "./size.ts";

export interface PanelScale {
  readonly sizes: readonly Size[];
  readonly decades: number;
}

export const panelWidth = 272;
export const panelHeight = 212;

const plot = { left: 42, right: 172, top: 44, bottom: 168 };
const titleWidth = 34;
const titleAndUnitWidth = 39;
const labelHeight = 14;

interface Place {
  readonly x: (size: number) => number;
  readonly y: (value: number) => number;
}

/** Returns the SVG of a panel for one benchmark row, with the panel's upper left corner at the origin. */
export function drawPanel(growth: Growth, row: GrowthRow, { sizes, decades }: PanelScale): string {
  const axis = axisOf(growth, row.name, decades);
  const place = placeOn(axis, sizes);
  const labels = apart(
    contenders.flatMap((contender) => {
      const last = middles(growth, row.name, contender)?.at(-1);
      return last === undefined ? [] : [{ contender, value: last, y: place.y(last) }];
    }),
  );
  return [
    ...title(row),
    ...grid(axis, place),
    ...sizes.map(({ services }) => sizeLabel(services, place)),
    ...guide(axis, sizes, place),
    ...labels.map(({ contender }) => drawLine(growth, row.name, { contender, place })),
    ...labels.map(
      ({ contender, value, y }) =>
        `<text class="name ${contender}" x="${plot.right + 8}" y="${round(y + 4)}">${contender} ${short(value)}</text>`,
    ),
  ].join("\n");
}

function placeOn({ low, decades }: Axis, sizes: readonly Size[]): Place {
  const [first, last] = [Math.log10(sizes[0]?.services ?? 1), Math.log10(sizes.at(-1)?.services ?? 10)];
  const width = plot.right - plot.left;
  const height = plot.bottom - plot.top;
  return {
    x: (size) => round(plot.left + (width * (Math.log10(size) - first)) / Math.max(last - first, 1)),
    y: (value) => round(plot.bottom - (height * (Math.log10(value) - low)) / decades),
  };
}

/**
 * Returns the SVG of the title in one or two lines. The unit follows the last line, or has a separate line if it does not fit.
 */
function title({ title: text, unit }: GrowthRow): readonly string[] {
  const at = text.length <= titleWidth ? text.length : text.lastIndexOf(" ", titleWidth);
  const lines = [text.slice(0, at), text.slice(at + 1)].filter((line) => line !== "");
  const last = lines.at(-1) ?? "";
  const fits = last.length + unit.length < titleAndUnitWidth;
  return [
    ...lines.map((line, index) => {
      const after = fits && index === lines.length - 1 ? ` <tspan class="faint unit">${unit}</tspan>` : "";
      return `<text class="ink title" x="0" y="${10 + index * 15}">${escaped(line)}${after}</text>`;
    }),
    ...(fits ? [] : [`<text class="faint" x="0" y="${10 + lines.length * 15}">${unit}</text>`]),
  ];
}

/** Returns a number as text, with "k" for thousands and "M" for millions, so that neighbouring labels do not overlap. */
function short(value: number): string {
  if (value >= 1_000_000) return `${formatNumber(value / 1_000_000).replace(/\.0+$/, "")}M`;
  if (value >= 10_000) return `${formatNumber(value / 1_000).replace(/\.0+$/, "")}k`;
  return formatNumber(value);
}

function grid(axis: Axis, { y }: Place): readonly string[] {
  return ticksOf(axis).flatMap((power) => {
    const value = 10 ** power;
    const text = value < 1 ? String(value) : short(value).replace(/\.0+$/, "");
    return [
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y(value)}" y2="${y(value)}"/>`,
      `<text class="faint tick" x="${plot.left - 6}" y="${round(y(value) + 3.5)}" text-anchor="end">${text}</text>`,
    ];
  });
}

function sizeLabel(services: number, { x }: Place): string {
  const text = services >= 1_000 ? `${services / 1_000}k` : String(services);
  return `<text class="faint tick" x="${x(services)}" y="${plot.bottom + 15}" text-anchor="middle">${text}</text>`;
}

/** Returns a line that shows growth in proportion to the data. It begins at the lower left corner and ends within the panel. */
function guide({ low, decades }: Axis, sizes: readonly Size[], { x, y }: Place): readonly string[] {
  const [first, last] = [sizes[0]?.services ?? 1, sizes.at(-1)?.services ?? 1];
  const rise = Math.min(Math.log10(last / first), decades);
  const line = `x1="${x(first)}" y1="${y(10 ** low)}" x2="${x(first * 10 ** rise)}" y2="${y(10 ** (low + rise))}"`;
  return [`<line class="guide" ${line}/>`];
}

function drawLine(
  growth: Growth,
  row: string,
  { contender, place: { x, y } }: { readonly contender: ContenderName; readonly place: Place },
): string {
  const series = seriesOf(growth, row, contender);
  const points = (middles(growth, row, contender) ?? []).map((value, at) => {
    const readings = series?.readings[at] ?? [];
    return {
      x: x(growth.sizes[at]?.services ?? 1),
      y: y(value),
      low: Math.min(...readings),
      high: Math.max(...readings),
    };
  });
  const noise = points.map(
    ({ x: at, low, high }) => `<line class="noise" x1="${at}" x2="${at}" y1="${y(low)}" y2="${y(high)}"/>`,
  );
  const dots = points.map((point) => `<circle class="dot" cx="${point.x}" cy="${point.y}" r="3"/>`);
  const line = `<polyline class="line" points="${points.map((point) => `${point.x},${point.y}`).join(" ")}"/>`;
  return `<g class="${contender}">${noise.join("")}${line}${dots.join("")}</g>`;
}

/** Returns the labels, moved apart if two of them would overlap. */
function apart<T extends { readonly y: number }>(labels: readonly T[]): readonly T[] {
  const [first, second] = labels;
  if (first === undefined || second === undefined || Math.abs(first.y - second.y) >= labelHeight) return labels;
  const middle = (first.y + second.y) / 2;
  const sign = first.y <= second.y ? -1 : 1;
  return [
    { ...first, y: middle + (sign * labelHeight) / 2 },
    { ...second, y: middle - (sign * labelHeight) / 2 },
  ];
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
