import type { Clock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { StoreMeter } from "./write-queue.ts";

/** Milliseconds without a failed write after which writes count as working again: on a full disk some small writes succeed. */
const calmMs = 5_000;

/**
 * Returns `meter` with logging added: it logs when writes begin to fail, when they fail for another reason, and when they
 * succeed again. It does not log each failure, because the log is often on the same full disk.
 */
export function logWriteTrouble(meter: StoreMeter, clock: Clock, log: Log): StoreMeter {
  let code: string | undefined;
  let batches = 0;
  let lastMs = 0;
  return {
    ...meter,
    refused(error) {
      meter.refused(error);
      batches += 1;
      lastMs = clock.monotonicMs();
      const logged = code;
      code = error instanceof OperatingError ? error.code : "unknown";
      if (code !== logged) log.error("Writes are refused; reads, DNS and checks go on", { error: messageOf(error) });
    },
    committed(ms) {
      meter.committed(ms);
      if (code === undefined || clock.monotonicMs() - lastMs < calmMs) return;
      log.info("Writes succeed again", { refused_batches: batches });
      code = undefined;
      batches = 0;
    },
  };
}
