import { MemoryStore, openMemoryEngine } from "../../src/engine/memory/memory-engine.ts";
import { Store } from "../../src/registry/store.ts";
import { openState } from "../../src/state/open-state.ts";
import { emptyState } from "../../src/state/state.ts";
import { FailingEngine } from "./failing-engine.ts";
import { FakeClock } from "./fake-clock.ts";

export interface TestStore {
  readonly store: Store;
  readonly engine: FailingEngine;
  readonly clock: FakeClock;
  /** The rows of the committed batches. */
  readonly disk: MemoryStore;
}

/** Opens an empty store on an engine whose commits a test can delay and fail. */
export function openTestStore(): TestStore {
  const disk = new MemoryStore();
  const engine = new FailingEngine(openMemoryEngine(disk).engine);
  const clock = new FakeClock();
  return { store: new Store(engine, emptyState, { clock }), engine, disk, clock };
}

/** Returns a store with the committed rows of another, as a server has it after a restart. */
export function reopenStore({ disk, clock }: Pick<TestStore, "disk" | "clock">): Store {
  const { engine, rows, revision } = openMemoryEngine(disk);
  return new Store(engine, openState(rows, revision).state, { clock });
}
