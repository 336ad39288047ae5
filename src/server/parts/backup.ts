import { resolve } from "node:path";
import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { packSnapshot, unpackSnapshot } from "../../http/snapshot-archive.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import type { Node } from "../../model/node.ts";
import type { ClusterView } from "../../registry/cluster-view.ts";
import type { Registry } from "../../registry/registry.ts";
import { WhileLeading } from "../../registry/while-leading.ts";
import type { Lifecycle } from "../lifecycle.ts";

interface BackupParts {
  readonly store: Registry;
  readonly cluster: Pick<ClusterView, "own">;
  readonly node: Node;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Makes backups on a schedule while this server leads, if the configuration has a folder for them. */
export async function keepBackups(
  parts: Lifecycle,
  { backup: config }: RuntimeConfig,
  { store, cluster, node, clock, metrics, log }: BackupParts,
): Promise<void> {
  if (!config) return;
  const { Backups } = await import("../../backup/backups.ts");
  const backups = new Backups({
    ...config,
    folder: resolve(config.folder),
    node: node.name,
    async take() {
      await store.freshen("leader");
      return packSnapshot(store, { clock, node, address: cluster.own.address });
    },
    async verify(archive) {
      await unpackSnapshot(store, archive);
      // Without this call the unpacked state would stay on the heap for a long time.
      Bun.gc(true);
    },
    ...{ clock, log: log.named("backup") },
  });
  metrics.gauge("praetor.backup.age", () => inSeconds(backups.ageMs));
  metrics.gauge("praetor.backup.failed", () =>
    backups.hasFailed === undefined ? undefined : Number(backups.hasFailed),
  );
  parts.add(new WhileLeading(store, (signal) => backups.run(signal)));
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms / 1_000);
}
