import { messageOf, OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { StoreMeter } from "./store.ts";

/** On a full disk small writes may fit between those that do not: only after so long without a refusal is it over. */
const calmMs = 5_000;

/**
 * Says in the log when the disk begins to refuse writes or to refuse them for another reason, and when it takes them
 * again; not each time: a full disk is often the one that the log is on.
 */
export function logWriteTrouble(meter: StoreMeter, log: Log): StoreMeter {
  let code: string | undefined;
  let batches = 0;
  let lastMs = 0;
  return {
    ...meter,
    refused(error) {
      meter.refused(error);
      batches += 1;
      lastMs = meter.now();
      const told = code;
      code = error instanceof OperatingError ? error.code : "unknown";
      if (code !== told) log.error("Writes are refused; reads, DNS and checks go on", { error: messageOf(error) });
    },
    committed(ms) {
      meter.committed(ms);
      if (code === undefined || meter.now() - lastMs < calmMs) return;
      log.info("Writes are taken again", { refused_batches: batches });
      code = undefined;
      batches = 0;
    },
  };
}
