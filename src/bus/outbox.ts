import { Fifo } from "../lib/fifo.ts";
import { keyChangesOf, keyChangesSince, type KeyChange } from "../registry/key-changes.ts";
import type { Store } from "../registry/store.ts";
import { topics, type Topic } from "../state/topics.ts";

export interface OutboxOptions {
  readonly keyPrefixes: readonly string[];
  /** Everything up to this index has been told. */
  readonly position: number;
  /** How much of new changes is kept at the most; beyond it they are read from the store when their turn comes. */
  readonly bytesMax?: number;
}

interface Waiting {
  readonly change: KeyChange;
  /** What it adds to memory: nothing, when it was read from the store, which has it anyway. */
  readonly bytes: number;
}

const defaultBytesMax = 8 * 2 ** 20;
/** Of a change beside its key and value. */
const changeBytes = 200;

/**
 * The changes that are still to be told, in the order of their indexes, from the store's commits.
 *
 *     commit -> waiting -> under way -> acknowledged: the position rises
 *                  ^           |
 *                  +-----------+  the connection was lost
 *
 * When more wait than there may, or when the whole state is replaced, all that wait are dropped, and the outbox is
 * behind: once somebody can send again, it is filled with what the store then has above the position. So a broker that
 * is away for days costs some memory and no more, and the last value of each key is told in any case; of values that
 * were overwritten meanwhile some are not. It starts with what the store has above the position, or behind when that is
 * too much.
 *
 * A key is never under way twice. So when a connection is lost and what was under way is sent again, nobody sees a key go
 * back: they may get its newest message twice, never an older one after it.
 */
export class Outbox {
  readonly #store: Store;
  readonly #prefixes: readonly string[];
  readonly #bytesMax: number;
  readonly #waiting = new Fifo<Waiting>();
  /** By key, in order. */
  readonly #underWay = new Map<string, Waiting>();
  #bytes = 0;
  /** The lowest index that may have been dropped; undefined: none was. */
  #behindFrom: number | undefined;
  /** All commits up to this index have passed. */
  #seen: number;
  #onAdded: () => void = () => {};

  constructor(store: Store, { keyPrefixes, position, bytesMax = defaultBytesMax }: OutboxOptions) {
    this.#store = store;
    this.#prefixes = keyPrefixes;
    this.#bytesMax = bytesMax;
    this.#behindFrom = position + 1;
    this.#seen = position;
    store.onCommit((touched) => this.#follow(touched));
    this.#begin(position);
  }

  /** Called at each commit with something to tell; it must not throw, and should take no time. */
  onAdded(listener: () => void): void {
    this.#onAdded = listener;
  }

  /** Everything up to this index has been told, as far as it was to be told. */
  get position(): number {
    const [oldest] = this.#underWay.values();
    const from = oldest?.change.index ?? this.#waiting.first?.change.index ?? this.#behindFrom;
    return from === undefined ? this.#seen : from - 1;
  }

  /** How many changes wait or are under way. */
  get size(): number {
    return this.#waiting.size + this.#underWay.size;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** In the order in which they were sent. */
  underWayChanges(): readonly KeyChange[] {
    return [...this.#underWay.values()].map(({ change }) => change);
  }

  /** Changes were dropped, and are to be read from the store. */
  get isBehind(): boolean {
    return this.#behindFrom !== undefined;
  }

  /** The next change to send, which is under way from now on; undefined when there is none, or its key is under way. */
  send(): KeyChange | undefined {
    if (this.#waiting.size === 0 && this.#behindFrom !== undefined) this.#refill(this.#behindFrom - 1);
    const { first } = this.#waiting;
    if (first === undefined || this.#underWay.has(first.change.key)) return undefined;
    this.#waiting.take();
    this.#underWay.set(first.change.key, first);
    return first.change;
  }

  /** It has been told. */
  acknowledge({ key }: KeyChange): void {
    this.#bytes -= this.#underWay.get(key)?.bytes ?? 0;
    this.#underWay.delete(key);
  }

  /** What is under way will not be acknowledged: it waits again, before all others. */
  sendAgain(): void {
    this.#waiting.putBack([...this.#underWay.values()]);
    this.#underWay.clear();
  }

  /** Not only when somebody can send: until then the values of now could be overwritten. */
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
      // Other writes may have shared its batch: the newest index need not be that of the restore.
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

  /** With all that the store has above the position. */
  #fill(waiting: readonly Waiting[]): void {
    this.#behindFrom = undefined;
    this.#seen = this.#store.state.index;
    this.#waiting.replace(waiting);
  }
}

function waitingFor(change: KeyChange): Waiting {
  return { change, bytes: changeBytes + 2 * change.key.length + (change.entry?.value.length ?? 0) };
}
