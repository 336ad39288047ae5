/**
 * Measures the cost of many HTTP checks: `bun bench/checks.ts [checks=5000] [seconds=30] [interval-seconds=10]`.
 *
 * A server in a separate process answers the checks. This process runs the checks and prints how late their runs began (relative
 * to each check's schedule), how many passed, and the share of one core that it used. The goal for 5,000 checks every 10 s: each
 * run begins less than a second late, and all runs use less than half a core.
 */
import { startCheck } from "../src/checks/start-check.ts";
import { systemClock, type Clock } from "../src/lib/clock.ts";
import { systemRandom } from "../src/lib/random.ts";
import type { CheckDefinition } from "../src/model/check.ts";

const [checks = 5_000, seconds = 30, intervalSeconds = 10] = process.argv.slice(2).map(Number);
const serverSource = `
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("pong") });
  console.log(server.port);
`;

/**
 * Returns a system clock that appends to `latenessMs` how late each timer fired, in milliseconds. Timers for deadlines are
 * cancelled before they fire, so they are not recorded.
 */
function watchedClock(latenessMs: number[]): Clock {
  return {
    ...systemClock,
    schedule: (delayMs, run) => {
      const dueMs = systemClock.monotonicMs() + delayMs;
      return systemClock.schedule(delayMs, () => {
        latenessMs.push(systemClock.monotonicMs() - dueMs);
        run();
      });
    },
  };
}

function definitionOf(check: number, port: string): CheckDefinition {
  return {
    id: `check-${check}`,
    name: `Health Check: ${check}`,
    notes: "",
    serviceId: "",
    initialStatus: "critical",
    method: {
      kind: "http",
      url: `http://127.0.0.1:${port}/api/v1/ping`,
      method: "",
      headers: {},
      body: "",
      tlsSkipVerify: false,
      intervalMs: intervalSeconds * 1_000,
      timeoutMs: 0,
    },
    successBeforePassing: 0,
    failuresBeforeCritical: 0,
    deregisterCriticalServiceAfterMs: 0,
    outputBytesMax: 4096,
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const chunk of stream) return new TextDecoder().decode(chunk).trim();
  throw new Error("the server said nothing");
}

function quantile(sorted: readonly number[], share: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1);
}

const server = Bun.spawn([process.execPath, "-e", serverSource], { stdout: "pipe" });
const port = await firstLine(server.stdout);
const latenessMs: number[] = [];
const platform = { clock: watchedClock(latenessMs), random: systemRandom };
const aliasSource = { watch: () => ({ stop: () => {} }) };
let passed = 0;
let failed = 0;

const cpuStart = process.cpuUsage();
const startMs = systemClock.monotonicMs();
const running = Array.from({ length: checks }, (_none, check) =>
  startCheck(definitionOf(check, port), {
    platform,
    aliasSource,
    report: ({ status }) => (status === "passing" ? (passed += 1) : (failed += 1)),
  }),
);
await Bun.sleep(seconds * 1_000);
const cpu = process.cpuUsage(cpuStart);
const elapsedMs = systemClock.monotonicMs() - startMs;
for (const check of running) check.stop();
server.kill();

const sorted = latenessMs.toSorted((left, right) => left - right);
const cpuMs = (cpu.user + cpu.system) / 1_000;
console.log(`${checks} HTTP checks every ${intervalSeconds} s, for ${seconds} s`);
console.log(`runs       ${passed} passed, ${failed} failed`);
console.log(
  `late by    p50 ${quantile(sorted, 0.5)} ms, p99 ${quantile(sorted, 0.99)} ms, max ${quantile(sorted, 1)} ms`,
);
console.log(
  `processor  ${((100 * cpuMs) / elapsedMs).toFixed(1)} % of a core, ${((1_000 * cpuMs) / passed).toFixed(0)} µs a run`,
);
console.log(`memory     ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB`);
