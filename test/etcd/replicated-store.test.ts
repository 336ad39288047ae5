import { afterAll, beforeAll, describe } from "bun:test";
import { type EtcdCluster, openEtcd, skippedWithoutEtcd, withoutEtcd } from "../support/etcd.ts";
import { openEtcdPlace } from "../support/etcd-place.ts";
import { describeReplicatedStore } from "../../src/registry/replicated-store.suite.ts";

describe.skipIf(withoutEtcd !== undefined)(`a real etcd${skippedWithoutEtcd} under`, () => {
  let etcd: EtcdCluster;
  beforeAll(async () => {
    etcd = await openEtcd();
  });
  afterAll(() => etcd[Symbol.asyncDispose]());

  describeReplicatedStore("etcd", { openPlace: () => openEtcdPlace(etcd), randomRuns: 10 });
});
