import { expect, test } from "bun:test";
import { drawChart } from "./chart.ts";
import { seriesOf } from "./figures.ts";
import { keyAt, spread } from "./filling.ts";
import { factorOf, judge } from "./judge.ts";
import { sample } from "./sample.ts";
import { axisOf, decadesOf, ticksOf } from "./scale.ts";
import { readSizes } from "./size.ts";
import { renderGrowth } from "./table.ts";

const ofPraetor = (row: string): readonly (readonly number[])[] => seriesOf(sample, row, "Praetor")?.readings ?? [];
const flat = { name: "row", title: "row", unit: "ms", grows: "flat" } as const;

test("the factor of a benchmark row is the median at the largest size over that at the smallest, with the rounds' range", () => {
  const factor = factorOf({ row: "flat", contender: "Praetor", readings: ofPraetor("flat") });
  expect(factor).toEqual({ factor: 1.25, least: 2 / 3, most: 3 });
});

test("a benchmark row that should stay flat gets the verdict GROWS if its factor is above 1.5", () => {
  const ofFactor = (factor: number) => judge(flat, { factor, least: factor, most: factor });
  expect([ofFactor(0.4), ofFactor(1.5), ofFactor(1.51), ofFactor(100)]).toEqual(["flat", "flat", "GROWS", "GROWS"]);
});

test("a benchmark row that reads all data gets no verdict, since its cost grows with the data", () => {
  expect(judge({ ...flat, grows: "data" }, { factor: 100, least: 100, most: 100 })).toBe("");
});

test("the table of growth has each benchmark row with its verdict, and the memory that one key and one service take", () => {
  const table = renderGrowth(sample);
  expect(table).toMatch(/^\| read a key \(ms\) .* 1\.25× \(0\.67–3\.00\) .* flat \|$/m);
  expect(table).toMatch(/^\| list folders .* 100\.00× .* GROWS \|$/m);
  expect(table).toMatch(/^\| Praetor +\| +1,000 bytes \| +2,000 bytes \|$/m);
});

test("the chart of growth is an SVG image with a panel for each benchmark row and a line for each measured program", () => {
  const svg = drawChart(sample);
  expect(svg.match(/<polyline /g)).toHaveLength(5);
  expect(svg).toContain("folders &amp; count &lt;");
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test("all axes of the chart of growth span equally many decades, contain their data, and tick at each power of ten", () => {
  expect(decadesOf(sample)).toBeCloseTo(2.5);
  const axis = axisOf(sample, "grows", decadesOf(sample));
  expect(axis.low).toBeCloseTo(-0.25);
  expect(ticksOf(axis)).toEqual([0, 1, 2]);
});

test("sizes are parsed from multiples of 100 services, each with ten times as many keys, and are sorted", () => {
  expect(readSizes("2000 100")).toEqual([
    { services: 100, keys: 1_000 },
    { services: 2_000, keys: 20_000 },
  ]);
  expect(() => readSizes("150")).toThrow("a size is some hundreds of services, not 150");
  expect(() => readSizes("many")).toThrow("a size is some hundreds");
});

test("generated keys are in ten folders, and `spread` chooses keys from all of these folders without repetition", () => {
  expect([keyAt(0), keyAt(199), keyAt(12_345)]).toEqual(["growth/0/0/0", "growth/1/1/99", "growth/3/123/45"]);
  const indexes = spread(1_000, 1_000_000);
  expect(new Set(indexes).size).toBe(1_000);
  expect(new Set(indexes.map((index) => keyAt(index).slice(0, 9))).size).toBe(10);
});
