import { expect, test } from "bun:test";
import type { Row } from "./row.ts";
import { renderTable } from "./table.ts";

test("the benchmark's table shows a row's median and 99th percentile of latency with one unit", () => {
  const figure = { value: 2_000, latency: { p50Ms: 1.36, p99Ms: 10.3 } };
  const row: Row = {
    ...{ name: "read", title: "read", unit: "requests/s", better: "higher" },
    goal: { kind: "times", timesMin: 1 },
    measure: () => Promise.resolve(figure),
  };
  const table = renderTable([{ row, praetor: figure, consul: figure, times: 1, shortOf: [] }]);
  expect(table).toMatch(/\| +1\.36 \/ 10\.3 ms \| +1\.36 \/ 10\.3 ms \|$/);
});
