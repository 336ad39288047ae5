import { resolve } from "node:path";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { Audit } from "../../http/audit.ts";
import { keepEnd, openAnchor } from "../../lib/chain-anchor.ts";
import { type ChainAnchor, ChainedFile } from "../../lib/chained-file.ts";
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
  { audit: config, dataDir }: RuntimeConfig,
  { clock, random, metrics, log: rootLog }: AuditParts,
): Promise<Part & { readonly audit: Audit | undefined }> {
  if (!config) return { audit: undefined };
  const { recordsAll, ...file } = config;
  const log = rootLog.named("audit");
  const dropped = metrics.counter("praetor.audit.dropped");
  const throttle = new LogThrottle(clock);
  const event = (type: string, facts: object): object => ({
    created_at: new Date(clock.wallMs()).toISOString(),
    event_type: "audit",
    payload: { id: random.uuid(), version: "1", type, ...facts },
  });
  const path = resolve(file.path);
  const chain = await ChainedFile.open({
    ...file,
    clock,
    anchor: dataDir === undefined ? undefined : anchorIn(dataDir, path),
    describeDropped: (count) => event("EventsDropped", { dropped: count }),
    describeMissing: (missing) => event("LinesMissing", missing),
    onMissing: (missing) =>
      log.error("Lines at the end of the audit log are missing, or were changed", { path, ...missing }),
    onNotKept(why) {
      if (throttle.isNew(why))
        log.error("The end of the audit log's chain is not kept in the data folder", { error: why });
    },
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

/** Without a data folder there is no place for a key that another program cannot reach as well. */
function anchorIn(dataDir: string, path: string): ChainAnchor {
  const { key, kept } = openAnchor(dataDir);
  // The end of another file says nothing about this one.
  return { key, kept: kept?.path === path ? kept : undefined, keep: (end) => keepEnd(dataDir, { ...end, path }) };
}
