import { describeReplicatedEngine } from "../replicated-engine.suite.ts";
import { MemoryCluster } from "./memory-cluster.ts";

describeReplicatedEngine("memory", () => {
  const cluster = new MemoryCluster();
  return {
    open: async (name) => cluster.open(name),
    expire: async () => cluster.expire(),
    compact: async () => cluster.compact(),
    remove() {},
  };
});
