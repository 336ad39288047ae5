import { afterAll, beforeAll, describe } from "bun:test";
import { openEtcd, type EtcdCluster, skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { type ClusterPlace, describeReplicatedEngine } from "../../src/engine/replicated-engine.suite.ts";
import { openEtcdPlace } from "../support/etcd-place.ts";

describe.skipIf(withoutEtcd !== undefined)(`etcd${skippedWithoutEtcd}`, () => {
  let etcd: EtcdCluster;
  beforeAll(async () => {
    etcd = await openEtcd();
  });
  afterAll(async () => {
    await etcd[Symbol.asyncDispose]();
  });

  describeReplicatedEngine("etcd", (): ClusterPlace => openEtcdPlace(etcd));
});
