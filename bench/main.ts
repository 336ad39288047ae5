/**
 * Side by side with the real Consul: `make bench` runs every row and writes the table of bench/README.md.
 * Arguments choose rows. A quick look (some rows, less than 3 s or 3 pairs) prints its table and writes nothing.
 */
import { join } from "node:path";
import { compare, type Comparison, type Contenders, type Effort } from "./lib/compare.ts";
import { Contender } from "./lib/contender.ts";
import { describeRun } from "./lib/machine.ts";
import { writeResults } from "./lib/readme.ts";
import type { Row } from "./lib/row.ts";
import { renderProgress, renderTable } from "./lib/table.ts";
import { commandKvGet, commandVersion } from "./rows/command.ts";
import { dnsA, dnsSrv } from "./rows/dns.ts";
import { heldQuery } from "./rows/held-query.ts";
import { keyGet } from "./rows/key-get.ts";
import { keyPut1, keyPut64 } from "./rows/key-put.ts";
import { memory } from "./rows/memory.ts";
import { registration } from "./rows/registration.ts";
import { serviceHealth } from "./rows/service-health.ts";
import { start } from "./rows/start.ts";
import { watchers } from "./rows/watchers.ts";

const allRows: readonly Row[] = [
  keyGet,
  serviceHealth,
  keyPut64,
  keyPut1,
  registration,
  dnsA,
  dnsSrv,
  watchers,
  start,
  commandVersion,
  commandKvGet,
  memory,
  heldQuery,
];

const repository = join(import.meta.dir, "..");
const rows = chooseRows(process.argv.slice(2));
const effort: Effort = { seconds: numberOf("BENCH_SECONDS", 4), pairs: numberOf("BENCH_PAIRS", 3) };
const contenders = chooseContenders();

const comparisons: Comparison[] = [];
for (const row of rows) {
  const comparison = await compare(row, contenders, effort);
  console.log(renderProgress(comparison));
  comparisons.push(comparison);
}

const results = `${describeRun(contenders, "make bench")}\n\n${renderTable(comparisons)}`;
console.log(`\n${results}\n`);
if (rows === allRows && effort.seconds >= 3 && effort.pairs >= 3) {
  writeResults(results);
  console.log("written to bench/README.md");
} else console.log("a quick look: bench/README.md keeps the results of the last full run");

function chooseRows(names: readonly string[]): readonly Row[] {
  if (names.length === 0) return allRows;
  return names.map((name) => {
    const row = allRows.find((candidate) => candidate.name === name);
    if (row === undefined) throw new Error(`no row ${name}; there are ${allRows.map((each) => each.name).join(", ")}`);
    return row;
  });
}

/** PRAETOR_BINARY compares another build. Both data folders are below dist/, on one disk. */
function chooseContenders(): Contenders {
  const praetor = process.env["PRAETOR_BINARY"] ?? join(repository, "dist/praetor");
  const found = Bun.spawnSync([join(repository, "scripts/find-consul")], { stderr: "inherit" });
  if (!found.success) process.exit(1);
  const folder = join(repository, "dist/bench");
  return {
    praetor: new Contender("Praetor", { binary: praetor, folder }),
    consul: new Contender("Consul", { binary: found.stdout.toString().trim(), folder }),
  };
}

function numberOf(variable: string, otherwise: number): number {
  const value = Number(process.env[variable] ?? otherwise);
  if (!(value > 0)) throw new Error(`${variable} must be a number above 0, not ${process.env[variable]}`);
  return value;
}
