import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Registry } from "../registry/registry.ts";
import type { Topic } from "../state/topics.ts";

interface Entry {
  /** Encoded answers to the same question, with the instances in different orders. */
  readonly packets: Uint8Array[];
  readonly packetsMax: number;
  topics: readonly Topic[];
  index: number;
  readonly untilMs: number;
}

export interface PutOptions {
  /** The topics that the answer depends on. */
  readonly topics: readonly Topic[];
  /** The number of answers with different orders of instances that the cache must hold, at most `packetsMax`. */
  readonly orderCount: number;
}

/** Lifetime of a cached answer in milliseconds: long enough to help frequent clients, short enough for new random orders. */
const lifeMs = 1_000;
const packetsMax = 8;
const bytesMax = 1024 * 1024;
/** Maximum size of a cached answer. An answer with 100 instances over TCP has 6 to 10 KiB and takes 2 ms to build. */
const packetBytesMax = 16 * 1_024;

/**
 * Caches encoded answers by the octets of the question, for one second or until a topic of the answer is touched. A question
 * whose answer has a random order gets up to eight answers, one of which is picked at random.
 */
export class PacketCache {
  readonly #entries = new Map<string, Entry>();
  readonly #store: Registry;
  readonly #clock: Clock;
  readonly #random: Random;
  #bytes = 0;

  constructor(store: Registry, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#store = store;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Returns one of the cached answers to a question. Returns undefined until `orderCount` answers (at most `packetsMax`) are
   * cached, each with its records shuffled anew.
   * @param nowMs by the monotonic clock
   */
  get(asked: string, nowMs: number): Uint8Array | undefined {
    const entry = this.#live(asked, nowMs);
    if (!entry || entry.packets.length < entry.packetsMax) return undefined;
    return entry.packetsMax === 1 ? entry.packets[0] : entry.packets[this.#randomIndex(entry.packets.length)];
  }

  put(asked: string, packet: Uint8Array, { topics, orderCount }: PutOptions): void {
    if (packet.length > packetBytesMax) return;
    if (this.#bytes + packet.length > bytesMax) this.#clear();
    this.#bytes += asked.length + packet.length;
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#live(asked, nowMs);
    if (entry) {
      entry.packets.push(packet);
      // An answer with another order of instances can have other records, and so depend on other topics.
      entry.topics = [...new Set([...entry.topics, ...topics])];
      entry.index = this.#store.indexOf(entry.topics);
      return;
    }
    this.#entries.set(asked, {
      packets: [packet],
      packetsMax: Math.min(orderCount, packetsMax),
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

  #randomIndex(count: number): number {
    return Math.floor(this.#random.uniform() * count);
  }

  #clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
