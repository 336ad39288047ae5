import { assert } from "../lib/assert.ts";
import { encodeSnapshot, SnapshotDecoder } from "../state/snapshot.ts";
import type { State } from "../state/state.ts";
import { permissionDenied } from "./permissions.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/** The state at one index. Later writes do not change it. */
export interface Snapshot {
  readonly index: number;
  /** Encodes the state lazily, block by block. Each call yields the same bytes. */
  blocks(): Iterable<Uint8Array<ArrayBuffer>>;
}

/** @throws OperatingError forbidden */
export function takeSnapshot(registry: Registry): Snapshot {
  return registry.read(wholeState);
}

const wholeState: Query<Snapshot> = {
  topics: [],
  read: snapshotOf,
  // Consul: a snapshot has the tokens in it, so who may write them all may take one.
  readAs(state, rights) {
    if (!rights.may("acl", "write")) throw permissionDenied();
    return snapshotOf(state);
  },
};

function snapshotOf(state: State): Snapshot {
  return { index: state.index, blocks: () => encodeSnapshot(state) };
}

/** Decodes a snapshot that a client uploads. Only `commit` changes the store: in one batch, or not at all. */
export class IncomingSnapshot {
  readonly #store: Registry;
  readonly #decoder = new SnapshotDecoder();
  #snapshot: State | undefined;

  constructor(store: Registry) {
    this.#store = store;
  }

  /** Decodes the next block of bytes. @throws OperatingError invalid when the bytes are damaged or no snapshot */
  add(block: Uint8Array): void {
    this.#decoder.add(block);
  }

  /**
   * Decodes the end of the snapshot, after the last block.
   * @throws OperatingError invalid when the snapshot is incomplete
   */
  finish(): void {
    this.#snapshot = this.#decoder.finish();
  }

  /**
   * Replaces the store's state by the snapshot's. The new state's index is above those of the replaced state and the snapshot.
   * @throws OperatingError unavailable when the new state cannot be made durable; the store is then unchanged
   */
  async commit(): Promise<void> {
    assert(this.#snapshot, "only a finished snapshot can be restored");
    await this.#store.submit({ type: "restore", snapshot: this.#snapshot });
  }
}
