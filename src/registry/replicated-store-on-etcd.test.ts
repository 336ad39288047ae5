import { afterAll, beforeAll, describe } from "bun:test";
import { type EtcdCluster, openEtcd, skippedWithoutEtcd, withoutEtcd } from "../../test/support/etcd.ts";
import { openEtcdPlace } from "../../test/support/etcd-place.ts";
import { describeReplicatedStore } from "./replicated-store.suite.ts";

describe.skipIf(withoutEtcd !== undefined)(`a real etcd${skippedWithoutEtcd} under`, () => {
  let etcd: EtcdCluster;
  beforeAll(async () => {
    etcd = await openEtcd();
  });
  afterAll(() => etcd[Symbol.asyncDispose]());

  describeReplicatedStore("etcd", { openPlace: () => openEtcdPlace(etcd), randomRuns: 10 });
});
