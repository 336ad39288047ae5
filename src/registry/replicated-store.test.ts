import { MemoryCluster } from "../engine/memory/memory-cluster.ts";
import { describeReplicatedStore } from "./replicated-store.suite.ts";

describeReplicatedStore("the memory cluster", { openPlace: () => new MemoryCluster(), randomRuns: 60 });
