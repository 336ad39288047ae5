import { runAntiEntropy } from "../../agent/anti-entropy.ts";
import type { Listeners } from "../../http/listeners.ts";
import { guardDescriptors } from "../../lib/descriptor-guard.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import type { SharedRuns } from "../../lib/shared-runs.ts";
import { type Lifecycle, loop } from "../lifecycle.ts";
import type { Platform } from "../platform.ts";
import type { AgentTls } from "./agent-tls.ts";
import { watchCertificates } from "./certificate-ends.ts";
import { runIntervals } from "./process-metrics.ts";

interface BackgroundParts {
  readonly platform: Platform;
  readonly metrics: Metrics;
  readonly log: Log;
  /** Makes the catalog's rows of this node equal the local state. Returns the number of corrections. */
  readonly sync: () => Promise<number>;
  /** The listeners that pause while the process has too many files open. */
  readonly listeners: readonly Pick<Listeners, "pause" | "resume">[];
  readonly reloads: SharedRuns;
  readonly tls: AgentTls;
}

/** Adds what every agent does besides its requests, until it stops: metrics, anti-entropy, the guard of open files, ends of certificates. */
export function runInBackground(parts: Lifecycle, background: BackgroundParts): void {
  const { platform, metrics, sync, listeners, reloads } = background;
  const { clock } = platform;
  const log = background.log.named("anti_entropy");
  parts.add(loop((signal) => runIntervals(metrics, clock, signal)));
  parts.add(loop((signal) => runAntiEntropy(sync, { clock, log, signal })));
  const descriptors = platform.openDescriptors();
  parts.add(loop((signal) => guardDescriptors({ listeners, clock, descriptors, log: background.log, signal })));
  watchCertificates(parts, { tls: background.tls, metrics, clock, log: background.log.named("tls") });
  parts.add({ stop: () => reloads.close(stoppingNow()) });
}

function stoppingNow(): OperatingError {
  return new OperatingError("unavailable", "stopping", "the agent is stopping and reloads nothing");
}
