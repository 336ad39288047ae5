import { expect, test } from "bun:test";
import { processMetrics } from "./process-metrics.ts";

test("the metrics of the process are those that the runtime knows", async () => {
  const text = await processMetrics();
  const values = new Map(
    [...text.matchAll(/^(process_\w+) (\S+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
  );
  const { rss } = process.memoryUsage();
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  // The tick of /proc is 10 ms, and time passes between the two readings.
  expect(values.get("process_cpu_seconds_total")).toBeCloseTo((userCPUTime + systemCPUTime) / 1e6, 0);
  expect((values.get("process_resident_memory_bytes") ?? 0) / rss).toBeCloseTo(1, 0);
  expect(values.get("process_start_time_seconds")).toBeLessThan(Date.now() / 1_000);
  expect(values.get("process_open_fds")).toBeGreaterThan(3);
  expect(values.get("process_max_fds")).toBeGreaterThan(values.get("process_open_fds") ?? Infinity);
  expect(values.size).toBe(6);
  expect(text).toContain("# TYPE process_cpu_seconds_total counter\n");
});
