import { describeEngine } from "../engine.suite.ts";
import { MemoryStore, openMemoryEngine } from "./memory-engine.ts";

describeEngine("memory", () => {
  const store = new MemoryStore();
  return { open: async () => openMemoryEngine(store), remove() {} };
});
