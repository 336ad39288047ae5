import { expect, test } from "bun:test";
import { readReport } from "./wrk.ts";

const report = (more = ""): string => `Running 3s test @ http://127.0.0.1:8500/
  1 threads and 64 connections
  Latency Distribution
     50%  812.00us
     75%    1.10ms
     90%    1.50ms
     99%    1.02s
  99132 requests in 3.00s, 21.00MB read
${more}Requests/sec:  33044.12
Transfer/sec:      7.00MB
`;

test("the rate, the number of requests and the latencies in milliseconds are read from wrk's report", () => {
  expect(readReport(report())).toEqual({ requests: 99132, value: 33044.12, latency: { p50Ms: 0.812, p99Ms: 1020 } });
});

test("a wrk report with failed requests is rejected", () => {
  expect(() => readReport(report("  Non-2xx or 3xx responses: 12\n"))).toThrow("Non-2xx or 3xx responses: 12");
  expect(() => readReport(report("  Socket errors: connect 0, read 3, write 0, timeout 0\n"))).toThrow("read 3");
});
