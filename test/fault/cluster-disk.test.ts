import { describe, expect, onTestFinished, test } from "bun:test";
import { closeSync, openSync, readdirSync, statSync, symlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import { longOnly } from "../support/at-length.ts";
import { Cluster } from "../support/cluster/cluster.ts";
import type { ClusterAgent } from "../support/cluster/cluster-agent.ts";
import { ClusterLoad } from "../support/cluster/cluster-load.ts";
import { cannotMakeNetwork } from "../support/cluster/network.ts";
import { canMount, mountSmallDisk } from "../support/small-disk.ts";
import { programOf } from "../support/target.ts";

const target = process.env["CONFORMANCE_TARGET"] ?? "praetor";
const isConsul = target === "consul";
const reason = cannotMakeNetwork ?? (canMount() ? undefined : "this machine mounts no small disk");
/* The long form alone has these tests: each has a cluster of its own, and waits for a disk that is full or damaged. */
const skipped = reason === undefined ? longOnly : ` (skipped: ${reason})`;
const hasNoEtcd = isConsul ? " (skipped: Consul has no etcd)" : "";

describe.skipIf(skipped !== "")(`three servers${skipped}`, () => {
  test("go on when the disk of one is full, and take it in again when it has space", async () => {
    const disk = mountSmallDisk("400m");
    if (disk === undefined) throw new Error("this machine has mounted a small disk a moment ago");
    onTestFinished(() => disk.unmount());
    const cluster = await preparedCluster();
    const struck = cluster.server(1);
    symlinkSync(disk.folder, struck.folder);
    await startAll(cluster);
    const load = startedLoad(cluster);
    disk.fill();
    await load.moreWrites(
      cluster.servers.filter((server) => server !== struck),
      50,
    );
    disk.empty();
    await struck.kill();
    await struck.start();
    await load.moreWrites(cluster.servers);
    await cluster.whole();
    expect(await load.stop(cluster.servers)).toEqual([]);
  });

  test.skipIf(isConsul)(`take one in anew whose etcd has a damaged log${hasNoEtcd}`, async () => {
    const cluster = await preparedCluster();
    await startAll(cluster);
    const load = startedLoad(cluster);
    await load.moreWrites(cluster.servers, 50);
    const [follower] = (await cluster.followers()) as readonly [ClusterAgent];
    await follower.kill();
    damageLog(follower.folder);
    await follower.start();
    await load.moreWrites(cluster.servers);
    await cluster.whole();
    expect(await load.stop(cluster.servers)).toEqual([]);
  });
});

async function preparedCluster(): Promise<Cluster> {
  const cluster = await Cluster.prepare({ program: programOf(target) });
  onTestFinished(() => cluster[Symbol.asyncDispose]());
  return cluster;
}

async function startAll(cluster: Cluster): Promise<void> {
  for (const server of cluster.servers) await server.start();
  await cluster.whole();
}

function startedLoad(cluster: Cluster): ClusterLoad {
  const load = new ClusterLoad("disk", cluster.servers, isConsul);
  load.start();
  return load;
}

/** Overwrites a part of the log that etcd has in this folder, near its beginning, where the log has records. */
function damageLog(folder: string): void {
  const logs = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith(".wal"));
  const first = logs.toSorted((a, b) => (a < b ? -1 : 1))[0];
  if (first === undefined) throw new Error(`${folder} has no log of an etcd`);
  const path = join(folder, first);
  expect(statSync(path).size).toBeGreaterThan(4_096);
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(64, 0xa5), 0, 64, 2_048);
  closeSync(file);
}
