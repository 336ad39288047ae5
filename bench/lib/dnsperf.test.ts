import { expect, test } from "bun:test";
import { readDnsperfReport } from "./dnsperf.ts";

const report = (codes: string, lost = 0): string => `Statistics:

  Queries sent:         80000
  Queries completed:    80000 (100.00%)
  Queries lost:         ${lost} (0.00%)

  Response codes:       ${codes}
  Average packet size:  request 39, response 80
  Run time (s):         1.000100
  Queries per second:   79992.000800

  Average Latency (s):  0.001230 (min 0.000100, max 0.010000)
`;

test("the rate is read from dnsperf's report", () => {
  expect(readDnsperfReport(report("NOERROR 80000 (100.00%)"))).toEqual({ value: 79_992.0008 });
});

test("a dnsperf report with lost answers or errors is rejected", () => {
  expect(() => readDnsperfReport(report("NOERROR 80000 (100.00%)", 3))).toThrow("3 answers were lost");
  expect(() => readDnsperfReport(report("NOERROR 79000 (98.75%), SERVFAIL 1000 (1.25%)"))).toThrow("SERVFAIL 1000");
});
