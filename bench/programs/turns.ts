/**
 * Preloaded into an agent that runs from source, measures the processor time of the agent's main thread. The parent process sends
 * "turns" to measure the longest turn of the event loop, or "sum" to measure all turns together, and then "end", to which this
 * module answers with the time in microseconds.
 */
import { ptr } from "bun:ffi";
import { libc } from "../../src/lib/libc.ts";

let isMeasuring = false;
let startUs = 0;
let lastUs = 0;
let longestUs = 0;
let measured: "turns" | "sum" = "sum";

const threadClock = 3; // CLOCK_THREAD_CPUTIME_ID: process.threadCpuUsage() counts in ticks of 4 ms
const time = new BigInt64Array(2);

function spentUs(): number {
  libc().clock_gettime(threadClock, ptr(time));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds) * 1e6 + Number(nanoseconds) / 1_000;
}

/** Runs once in each turn of the event loop, so the loop never sleeps. */
function turn(): void {
  const nowUs = spentUs();
  longestUs = Math.max(longestUs, nowUs - lastUs);
  lastUs = nowUs;
  if (isMeasuring) setImmediate(turn);
}

process.on("message", (message) => {
  if (message === "end") {
    isMeasuring = false;
    process.send?.(measured === "sum" ? spentUs() - startUs : longestUs);
    return;
  }
  measured = message === "turns" ? "turns" : "sum";
  startUs = lastUs = spentUs();
  longestUs = 0;
  isMeasuring = measured === "turns";
  if (isMeasuring) setImmediate(turn);
});
