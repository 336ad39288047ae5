import { join } from "node:path";
import { Contender } from "../lib/contender.ts";
import { formatNumber } from "../lib/table.ts";
import type { ContenderName, Series } from "./figures.ts";
import { fillKeys, fillServices } from "./filling.ts";
import type { Filled, Measurement } from "./measurement.ts";
import type { Size } from "./size.ts";
import { keysAlone } from "./whole.ts";

export interface Run {
  readonly name: ContenderName;
  readonly binary: string;
  /** The folder in which the data folders of all agents are created. */
  readonly folder: string;
  readonly sizes: readonly Size[];
  readonly measurements: readonly Measurement[];
  readonly rounds: number;
  readonly tell: (line: string) => void;
}

/**
 * Fills one agent for each size, and measures each benchmark row on these agents alternately, so that other load on the machine
 * affects all sizes alike. Returns the values of all benchmark rows.
 */
export async function measureGrowth(run: Run): Promise<readonly Series[]> {
  const filled = run.sizes.map((size): Filled => {
    const folder = join(run.folder, `growth-${size.services}`);
    return { size, contender: new Contender(run.name, { binary: run.binary, folder }) };
  });
  try {
    for (const { contender } of filled) await contender.start();
    return await fillAndMeasure(run, filled);
  } finally {
    for (const { contender } of filled) await contender.stop();
  }
}

async function fillAndMeasure(run: Run, filled: readonly Filled[]): Promise<readonly Series[]> {
  const [withoutServices, others] = [
    run.measurements.filter((each) => each === keysAlone),
    run.measurements.filter((each) => each !== keysAlone),
  ];
  await fill(run, "keys", { filled, with: fillKeys });
  const early = await measureAll(run, withoutServices, filled);
  await fill(run, "services", { filled, with: fillServices });
  const rest = await measureAll(run, others, filled);
  return [...rest, ...early];
}

interface Filling {
  readonly filled: readonly Filled[];
  readonly with: typeof fillKeys;
}

async function fill({ name, tell }: Run, what: "keys" | "services", filling: Filling): Promise<void> {
  for (const { contender, size } of filling.filled) {
    const startMs = performance.now();
    await filling.with(contender, size);
    const tookSeconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    tell(`${name}: ${size[what].toLocaleString("en")} ${what} in ${tookSeconds} s`);
  }
}

async function measureAll(
  run: Run,
  measurements: readonly Measurement[],
  filled: readonly Filled[],
): Promise<readonly Series[]> {
  const series: Series[] = [];
  for (const measurement of measurements) {
    for (const each of filled) await measurement.prepare?.(each);
    const readings = await measureInTurn(run, measurement, filled);
    for (const [at, { name, title, unit }] of measurement.rows.entries()) {
      const ofRow = readings.map((ofSize) => ofSize.map((reading) => reading[at] ?? Number.NaN));
      series.push({ row: name, contender: run.name, readings: ofRow });
      const told = ofRow.map((ofSize) => ofSize.map(formatNumber).join(" "));
      run.tell(`${run.name}: ${title} (${unit}): ${told.join(" | ")}`);
    }
  }
  return series;
}

/** Returns the values of a measurement by size and round: for each round, a list with one value for each benchmark row. */
async function measureInTurn(
  run: Run,
  measurement: Measurement,
  filled: readonly Filled[],
): Promise<readonly (readonly (readonly number[])[])[]> {
  const readings = filled.map((): (readonly number[])[] => []);
  const rounds = Math.min(run.rounds, measurement.rounds ?? run.rounds);
  for (let round = 0; round < rounds; round += 1)
    for (const [at, each] of filled.entries())
      readings[at]?.push(await measurement.measure(each, `${measurement.rows[0]?.name}-${round}`));
  return readings;
}
