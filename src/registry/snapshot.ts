import { assert } from "../lib/assert.ts";
import { encodeSnapshot, SnapshotDecoder } from "../state/snapshot.ts";
import type { State } from "../state/state.ts";
import type { Registry } from "./registry.ts";

/** The state at one index, whatever is written meanwhile. */
export interface Snapshot {
  readonly index: number;
  /** Its bytes, in blocks that are made as they are asked for; the same each time. */
  blocks(): Iterable<Uint8Array<ArrayBuffer>>;
}

export function takeSnapshot({ state }: Registry): Snapshot {
  return { index: state.index, blocks: () => encodeSnapshot(state) };
}

/** A snapshot on its way in. The store changes with `commit` only: in one batch, or not at all. */
export class IncomingSnapshot {
  readonly #store: Registry;
  readonly #decoder = new SnapshotDecoder();
  #snapshot: State | undefined;

  constructor(store: Registry) {
    this.#store = store;
  }

  /** @throws OperatingError invalid when this is no snapshot, or a damaged one */
  add(block: Uint8Array): void {
    this.#decoder.add(block);
  }

  /**
   * There is no more to come.
   * @throws OperatingError invalid when the snapshot is not whole
   */
  finish(): void {
    this.#snapshot = this.#decoder.finish();
  }

  /**
   * The store's state becomes the snapshot's, and its index higher than that of both.
   * @throws OperatingError unavailable when it cannot be made durable; nothing is changed then
   */
  async commit(): Promise<void> {
    assert(this.#snapshot, "only a snapshot that is finished can be restored");
    await this.#store.submit({ type: "restore", snapshot: this.#snapshot });
  }
}
