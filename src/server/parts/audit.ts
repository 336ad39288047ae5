import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { Audit } from "../../http/audit.ts";
import { ChainedFile } from "../../lib/chained-file.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import type { Metrics } from "../../lib/metrics.ts";
import type { Random } from "../../lib/random.ts";
import type { Part } from "../lifecycle.ts";

interface AuditParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Opens the audit log, if one is configured. It closes after the listeners, which are opened later, so that it has the last requests.
 * @throws OperatingError unavailable when its file cannot be written
 */
export async function openAudit(
  { audit: config }: RuntimeConfig,
  { clock, random, metrics, log: rootLog }: AuditParts,
): Promise<Part & { readonly audit: Audit | undefined }> {
  if (!config) return { audit: undefined };
  const { recordsAll, ...file } = config;
  const log = rootLog.named("audit");
  const dropped = metrics.counter("praetor.audit.dropped");
  const throttle = new LogThrottle(clock);
  const chain = await ChainedFile.open({
    ...file,
    clock,
    describeDropped: (count) => ({
      created_at: new Date(clock.wallMs()).toISOString(),
      event_type: "audit",
      payload: { id: random.uuid(), version: "1", type: "EventsDropped", dropped: count },
    }),
    onDropped(count, why) {
      dropped.add(count);
      if (throttle.isNew(why)) log.error("The audit log misses requests", { path: file.path, error: why });
    },
    onTorn: (bytes) => log.warn("Cut off the unfinished last line of the audit log", { path: file.path, bytes }),
  });
  return {
    audit: new Audit({ recordsAll, append: (record) => chain.append(record), clock, random }),
    close: () => chain.close(),
  };
}
