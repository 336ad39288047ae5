import { Fifo } from "../lib/fifo.ts";
import { keyChangesOf, keyChangesSince, type KeyChange } from "../registry/key-changes.ts";
import type { Registry } from "../registry/registry.ts";
import { topics, type Topic } from "../state/topics.ts";

export interface OutboxOptions {
  readonly keyPrefixes: readonly string[];
  /** The index up to which all changes have been published. */
  readonly position: number;
  /** Maximum bytes of changes in memory. Beyond it, the outbox drops them, and reads them from the store when it sends again. */
  readonly bytesMax?: number;
}

interface Waiting {
  readonly change: KeyChange;
  /** Bytes of memory that the change costs: 0 if it was read from the store, which holds the value anyway. */
  readonly bytes: number;
}

const defaultBytesMax = 8 * 2 ** 20;
/** Estimated bytes of memory of a change, in addition to its key and value. */
const changeBytes = 200;

/**
 * Collects the changes to publish from the store's commits, in the order of their indexes.
 *
 *     commit -> waiting -> under way -> acknowledged: the position rises
 *                  ^           |
 *                  +-----------+  the connection was lost
 *
 * When the waiting changes exceed the memory limit, or a restore replaces the whole state, the outbox drops them and is
 * "behind": at the next send it reads all changes above the position from the store. So a broker that is unreachable for
 * days costs a bounded amount of memory. The last value of each key is always published, but perhaps not a value that was
 * overwritten meanwhile. A new outbox has the store's changes above the position, or is behind if they exceed the limit.
 *
 * A key is never under way twice. So when a connection is lost and changes are sent again, subscribers never see a key return
 * to an older value: they may get the key's newest message twice, but never an older message after the newest.
 */
export class Outbox {
  readonly #store: Registry;
  readonly #prefixes: readonly string[];
  readonly #bytesMax: number;
  readonly #waiting = new Fifo<Waiting>();
  /** Changes that were sent but not acknowledged, by key, in the order sent. */
  readonly #underWay = new Map<string, Waiting>();
  #bytes = 0;
  /** The lowest index of a dropped change; undefined when none was dropped. */
  #behindFrom: number | undefined;
  /** The index up to which the outbox has received all commits. */
  #seen: number;
  #onAdded: () => void = () => {};

  constructor(store: Registry, { keyPrefixes, position, bytesMax = defaultBytesMax }: OutboxOptions) {
    this.#store = store;
    this.#prefixes = keyPrefixes;
    this.#bytesMax = bytesMax;
    this.#behindFrom = position + 1;
    this.#seen = position;
    store.follow((touched) => this.#follow(touched));
    this.#begin(position);
  }

  /** Sets the callback that runs at each commit with changes to publish. The callback must not throw, and should be fast. */
  onAdded(listener: () => void): void {
    this.#onAdded = listener;
  }

  /** The index up to which all changes have been published. */
  get position(): number {
    const [oldest] = this.#underWay.values();
    const from = oldest?.change.index ?? this.#waiting.first?.change.index ?? this.#behindFrom;
    return from === undefined ? this.#seen : from - 1;
  }

  /** Number of changes that wait or are under way. */
  get size(): number {
    return this.#waiting.size + this.#underWay.size;
  }

  /** Number of changes that were sent but not acknowledged. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Returns the unacknowledged changes in the order in which they were sent. */
  underWayChanges(): readonly KeyChange[] {
    return [...this.#underWay.values()].map(({ change }) => change);
  }

  /** Whether changes were dropped and must be read from the store. */
  get isBehind(): boolean {
    return this.#behindFrom !== undefined;
  }

  /** Returns the next change and marks it as under way; undefined if no change waits or the next one's key is under way. */
  send(): KeyChange | undefined {
    if (this.#waiting.size === 0 && this.#behindFrom !== undefined) this.#refill(this.#behindFrom - 1);
    const { first } = this.#waiting;
    if (first === undefined || this.#underWay.has(first.change.key)) return undefined;
    this.#waiting.take();
    this.#underWay.set(first.change.key, first);
    return first.change;
  }

  /** Removes an acknowledged change from the outbox. */
  acknowledge({ key }: KeyChange): void {
    this.#bytes -= this.#underWay.get(key)?.bytes ?? 0;
    this.#underWay.delete(key);
  }

  /** Drops the waiting changes up to an index, which another server has published. */
  passTo(index: number): void {
    for (
      let first = this.#waiting.first;
      first !== undefined && first.change.index <= index;
      first = this.#waiting.first
    ) {
      this.#waiting.take();
      this.#bytes -= first.bytes;
    }
    if (this.#behindFrom !== undefined) this.#behindFrom = Math.max(this.#behindFrom, index + 1);
  }

  /** Moves the changes under way back to the front of the waiting ones, after a connection was lost. */
  sendAgain(): void {
    this.#waiting.putBack([...this.#underWay.values()]);
    this.#underWay.clear();
  }

  /** Reads the changes above the position immediately, because a later write could overwrite their values. */
  #begin(position: number): void {
    const waiting = keyChangesSince(this.#store.state, position, this.#prefixes).map(waitingFor);
    const bytes = waiting.reduce((sum, each) => sum + each.bytes, 0);
    if (bytes > this.#bytesMax) return;
    this.#bytes = bytes;
    this.#fill(waiting);
  }

  #follow(touched: ReadonlySet<Topic>): void {
    const { state } = this.#store;
    const before = this.#seen;
    this.#seen = state.index;
    if (touched.has(topics.everything)) {
      // The restore may share its batch with other writes, so the restore's index may be below the newest index.
      this.#fallBehind(before + 1);
      return this.#onAdded();
    }
    const changes = keyChangesOf(state, touched, this.#prefixes);
    for (const change of changes) this.#add(change);
    if (changes.length > 0) this.#onAdded();
  }

  #add(change: KeyChange): void {
    if (this.isBehind) return;
    const waiting = waitingFor(change);
    if (this.#bytes + waiting.bytes > this.#bytesMax) return this.#fallBehind(change.index);
    this.#bytes += waiting.bytes;
    this.#waiting.add(waiting);
  }

  #fallBehind(index: number): void {
    this.#behindFrom = Math.min(this.#behindFrom ?? index, this.#waiting.first?.change.index ?? index);
    this.#waiting.replace([]);
    this.#bytes = 0;
    for (const { bytes } of this.#underWay.values()) this.#bytes += bytes;
  }

  #refill(position: number): void {
    const changes = keyChangesSince(this.#store.state, position, this.#prefixes);
    this.#fill(changes.map((change) => ({ change, bytes: 0 })));
  }

  /** Replaces the waiting changes by `waiting`, all of the store's changes above the position. */
  #fill(waiting: readonly Waiting[]): void {
    this.#behindFrom = undefined;
    this.#seen = this.#store.state.index;
    this.#waiting.replace(waiting);
  }
}

function waitingFor(change: KeyChange): Waiting {
  return { change, bytes: changeBytes + 2 * change.key.length + (change.entry?.value.length ?? 0) };
}
