/**
 * Compares Praetor with the real Consul. `make bench` measures every benchmark row and writes the table of bench/README.md.
 * Arguments choose rows or groups of rows. A quick run (chosen rows, or less than 3 s or 3 pairs) prints its table and writes
 * nothing.
 */
import { join } from "node:path";
import { groups, limits } from "./groups.ts";
import { findBinaries, repository } from "./lib/binaries.ts";
import { chooseRows } from "./lib/choose-rows.ts";
import { compareGroup, type Comparison, type Contenders, type Effort } from "./lib/compare.ts";
import { Contender } from "./lib/contender.ts";
import { numberOf } from "./lib/environment.ts";
import { measureLimit, type LimitResult } from "./lib/limit.ts";
import { renderLimitProgress, renderLimits } from "./lib/limit-table.ts";
import { describeRun } from "./lib/machine.ts";
import { writeResults } from "./lib/readme.ts";
import { renderProgress, renderTable } from "./lib/table.ts";

const names = process.argv.slice(2);
const chosen = chooseRows({ groups, limits }, names);
const effort: Effort = { seconds: numberOf("BENCH_SECONDS", 4), pairs: numberOf("BENCH_PAIRS", 3) };
const binaries = findBinaries();
// The data folders of both agents are on one disk, so that its speed affects both alike.
const folder = join(repository, "dist/bench");
const contenders: Contenders = {
  praetor: new Contender("Praetor", { binary: binaries.praetor, folder }),
  consul: new Contender("Consul", { binary: binaries.consul, folder }),
};

const comparisons: Comparison[] = [];
let hasFailed = false;
for (const group of chosen.groups) {
  try {
    for await (const comparison of compareGroup(group, contenders, effort)) {
      console.log(renderProgress(comparison));
      comparisons.push(comparison);
    }
  } catch (error) {
    // A failed group does not end the run, which takes half an hour: the other groups are still measured.
    console.error(error);
    hasFailed = true;
  }
}
const limitResults: LimitResult[] = [];
for (const limit of chosen.limits) {
  const result = await measureLimit(limit, contenders.praetor, effort);
  console.log(renderLimitProgress(result));
  limitResults.push(result);
}

const results = [
  describeRun(binaries, "make bench"),
  ...(comparisons.length > 0 ? [renderTable(comparisons)] : []),
  ...renderLimits(limitResults),
].join("\n\n");
console.log(`\n${results}\n`);
if (hasFailed) process.exitCode = 1;
if (names.length === 0 && !hasFailed && effort.seconds >= 3 && effort.pairs >= 3) {
  writeResults("results", results);
  console.log("written to bench/README.md");
} else console.log("a quick look, or not all of it: bench/README.md keeps the results of the last full run");
