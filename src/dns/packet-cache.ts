import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Store } from "../registry/store.ts";
import type { Topic } from "../state/topics.ts";

interface Entry {
  /** Answers in different orders, any of which will do. */
  readonly packets: Uint8Array[];
  readonly packetsMax: number;
  topics: readonly Topic[];
  index: number;
  readonly untilMs: number;
}

export interface Lasting {
  /** The answer is another when one of these is touched. */
  readonly topics: readonly Topic[];
  /** How many orders there are at least. */
  readonly orders: number;
}

/** Long enough for whoever asks often, so short that instances come up in ever new orders. */
const lifeMs = 1_000;
const packetsMax = 8;
const bytesMax = 1024 * 1024;
/** An answer of 100 instances over TCP is of 6 to 10 KiB, and takes 2 ms to make. */
const packetBytesMax = 16 * 1_024;

/** Finished answers by the question's octets. They hold for a second, and only until something they tell of changes. */
export class PacketCache {
  readonly #entries = new Map<string, Entry>();
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  #bytes = 0;

  constructor(store: Store, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  /** undefined too when an answer in another order should be made. @param nowMs by the monotonic clock */
  get(asked: string, nowMs: number): Uint8Array | undefined {
    const entry = this.#live(asked, nowMs);
    if (!entry || entry.packets.length < entry.packetsMax) return undefined;
    return entry.packetsMax === 1 ? entry.packets[0] : entry.packets[this.#anyOf(entry.packets.length)];
  }

  put(asked: string, packet: Uint8Array, { topics, orders }: Lasting): void {
    if (packet.length > packetBytesMax) return;
    if (this.#bytes + packet.length > bytesMax) this.#clear();
    this.#bytes += asked.length + packet.length;
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#live(asked, nowMs);
    if (entry) {
      entry.packets.push(packet);
      // In another order it may tell of other things.
      entry.topics = [...new Set([...entry.topics, ...topics])];
      entry.index = this.#store.indexOf(entry.topics);
      return;
    }
    this.#entries.set(asked, {
      packets: [packet],
      packetsMax: Math.min(orders, packetsMax),
      topics,
      index: this.#store.indexOf(topics),
      untilMs: nowMs + lifeMs,
    });
  }

  #live(asked: string, nowMs: number): Entry | undefined {
    const entry = this.#entries.get(asked);
    if (!entry || entry.untilMs <= nowMs) return undefined;
    return entry.index === this.#store.indexOf(entry.topics) ? entry : undefined;
  }

  #anyOf(count: number): number {
    return Math.floor(this.#random.uniform() * count);
  }

  #clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
