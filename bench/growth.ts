/**
 * Measures how costs grow with the data. `make growth` fills agents with 1,000, 10,000 and 100,000 services and ten times as many
 * keys, measures the cost of each kind of request, and writes the table of bench/README.md, bench/growth.json and
 * bench/growth.svg. Arguments choose benchmark rows. GROWTH_SIZES="1000 10000" makes a run quick, GROWTH_ROUNDS=1 quicker. A run
 * with chosen rows, other sizes or fewer rounds writes no file. `bun bench/growth.ts draw` renders the table and the picture from
 * bench/growth.json.
 * The exit code is 1 if requests of Praetor that touch equally much data at each size cost over 1.5 times as much at the largest
 * size as at the smallest.
 */
import { join } from "node:path";
import { chooseMeasurements, measurements } from "./growth/all.ts";
import { writeChart } from "./growth/chart.ts";
import { keepGrowth, keptGrowth, seriesOf, type Growth, type Series } from "./growth/figures.ts";
import { factorOf, judge } from "./growth/judge.ts";
import { measureGrowth } from "./growth/run.ts";
import { isUsual, readSizes } from "./growth/size.ts";
import { renderGrowth } from "./growth/table.ts";
import { findBinaries, repository } from "./lib/binaries.ts";
import { numberOf } from "./lib/environment.ts";
import { describeRun } from "./lib/machine.ts";
import { writeResults } from "./lib/readme.ts";

const words = process.argv.slice(2);
const usualRounds = 5;

if (words[0] === "draw") write(keptGrowth());
else await measure();

async function measure(): Promise<void> {
  const only = process.env["GROWTH_OF"];
  if (only !== undefined && only !== "Praetor" && only !== "Consul")
    throw new Error(`GROWTH_OF is Praetor or Consul, not ${only}`);
  const sizes = readSizes(process.env["GROWTH_SIZES"]);
  const chosen = chooseMeasurements(words);
  const rounds = numberOf("GROWTH_ROUNDS", usualRounds);
  const binaries = findBinaries();
  const run = { folder: join(repository, "dist/bench"), sizes, measurements: chosen, rounds, tell: console.log };
  const series: Series[] = [];
  if (only !== "Consul") series.push(...(await measureGrowth({ ...run, name: "Praetor", binary: binaries.praetor })));
  if (only !== "Praetor") series.push(...(await measureGrowth({ ...run, name: "Consul", binary: binaries.consul })));
  const rows = chosen.flatMap((measurement) => measurement.rows);
  const growth: Growth = { run: describeRun(binaries, "make growth"), sizes, rows, series };
  console.log(`\n${renderGrowth(growth)}\n`);
  const isWhole = chosen === measurements && isUsual(sizes) && rounds >= usualRounds;
  if (isWhole && only === undefined) {
    keepGrowth(growth);
    write(growth);
  } else console.log("a quick look: bench/README.md keeps the results of the last full run");
  tellWhatGrows(growth);
}

function write(growth: Growth): void {
  writeResults("growth", renderGrowth(growth));
  writeChart(growth);
  console.log("written to bench/README.md and bench/growth.svg");
}

function tellWhatGrows(growth: Growth): void {
  for (const row of growth.rows) {
    const series = seriesOf(growth, row.name, "Praetor");
    if (series === undefined || judge(row, factorOf(series)) !== "GROWS") continue;
    console.log(`grows with what it does not touch: ${row.title}, ${factorOf(series).factor.toFixed(2)}×`);
    process.exitCode = 1;
  }
}
