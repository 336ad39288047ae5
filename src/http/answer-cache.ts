import { anyone } from "../registry/caller.ts";
import type { CheckOutputs } from "../registry/check-outputs.ts";
import type { Registry } from "../registry/registry.ts";
import { Watches } from "../registry/watches.ts";
import { topics, type Topic } from "../state/topics.ts";
import type { Answer } from "./answers.ts";
import type { SampledLatency } from "./sampled-latency.ts";

/** A rendered answer to a read, valid for its key until one of its topics is touched. */
export interface KeptAnswer extends Answer {
  /**
   * Measures how long the router takes to send the answer again. The router sets this field when it first sends the answer again.
   */
  repeats?: SampledLatency;
  /** The decoded parts of the request's path. The router sets this field when it first sends the answer again. */
  parts?: readonly string[] | undefined;
}

interface CachedAnswer {
  readonly answer: KeptAnswer;
  readonly bytes: number;
  readonly forget: () => void;
}

const answersMax = 2_000;
const bytesMax = 4 * 1024 * 1024;
/** Maximum size of a kept answer. A larger one would displace too many other answers. */
const answerBytesMax = bytesMax / 4;

/**
 * Returns the key of a kept answer: target and rights, since callers with different rights see different rows.
 * @param target path and query, encoded
 * @param rightsKey see Caller
 */
export function answerKey(target: string, rightsKey: string): string {
  return rightsKey === anyone ? target : `${rightsKey} ${target}`;
}

/**
 * Holds kept answers by key. A thousand watchers that wake together share one rendering, and so do later requests. An answer is
 * dropped at the moment when one of its topics is touched, so it is never stale.
 */
export class AnswerCache {
  readonly #answers = new Map<string, CachedAnswer>();
  readonly #topics = new Watches();
  readonly #late = new Map<string, Promise<KeptAnswer>>();
  #bytes = 0;

  /** The number of kept answers. */
  get size(): number {
    return this.#answers.size;
  }

  get(key: string): KeptAnswer | undefined {
    return this.#answers.get(key)?.answer;
  }

  /**
   * Keeps an answer unless it is too large, and drops the oldest answers beyond the limits.
   * @param changedBy the answer's topics
   */
  put(key: string, changedBy: readonly Topic[], answer: KeptAnswer): void {
    this.#drop(key);
    const bytes = sizeOf(key, answer);
    if (bytes > answerBytesMax) return;
    const forget = this.#topics.wait(changedBy, () => this.#drop(key));
    this.#answers.set(key, { answer, bytes, forget });
    this.#bytes += bytes;
    while (this.#answers.size > answersMax || this.#bytes > bytesMax) this.#dropOldest();
  }

  /** Returns the answer that is being rendered over several turns of the event loop, if none of its topics was touched since. */
  underWay(key: string): Promise<KeptAnswer> | undefined {
    return this.#late.get(key);
  }

  /**
   * Does the same as `put` when the answer is rendered, unless one of its topics is touched before. Until then `underWay` returns
   * the promise, so that clients who ask together share one rendering.
   */
  putLate(key: string, changedBy: readonly Topic[], late: Promise<KeptAnswer>): Promise<KeptAnswer> {
    const drop = (): void => {
      if (this.#late.get(key) === kept) this.#late.delete(key);
    };
    const forget = this.#topics.wait(changedBy, drop);
    const kept = late
      .then((answer) => {
        const isCurrent = this.#late.get(key) === kept;
        if (isCurrent) this.put(key, changedBy, answer);
        return answer;
      })
      .finally(() => {
        drop();
        forget();
      });
    this.#late.set(key, kept);
    return kept;
  }

  /** Drops the answers that depend on these topics. */
  touch(touched: Iterable<Topic>): void {
    this.#topics.wake(touched);
  }

  clear(): void {
    this.#topics.wakeAll();
  }

  #dropOldest(): void {
    for (const key of this.#answers.keys()) return this.#drop(key);
  }

  #drop(key: string): void {
    const cached = this.#answers.get(key);
    if (!cached) return;
    this.#answers.delete(key);
    this.#bytes -= cached.bytes;
    cached.forget();
  }
}

function sizeOf(key: string, { body }: Answer): number {
  return key.length + (body?.length ?? 0);
}

/** Makes the cache drop an answer when a commit touches one of its topics, or when a check in the answer has a new output. */
export function invalidateOnChange(
  answers: AnswerCache,
  { store, outputs }: { readonly store: Registry; readonly outputs: CheckOutputs },
): void {
  store.follow((touched) => {
    answers.touch(touched);
    if (touched.has(topics.coordinates)) answers.touch([topics.distances]);
  });
  outputs.onChange((node, service) => {
    // A check of the node itself is part of the answers about every service on that node.
    if (service === "") answers.clear();
    else answers.touch(outputTopics(node, service));
  });
}

function outputTopics(node: string, service: string): readonly Topic[] {
  const statuses = ["passing", "warning", "critical"].map((status) => topics.checksInStatus(status));
  return [topics.service(service), topics.serviceChecks(service), topics.nodeChecks(node), topics.checks, ...statuses];
}
