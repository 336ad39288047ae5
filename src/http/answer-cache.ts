import type { CheckOutputs } from "../registry/check-outputs.ts";
import type { Registry } from "../registry/registry.ts";
import { Watches } from "../registry/watches.ts";
import { topics, type Topic } from "../state/topics.ts";
import type { Answer } from "./answers.ts";
import type { SampledLatency } from "./sampled-latency.ts";

/** A rendered answer to a read, valid for its key until one of its topics is touched. */
export interface KeptAnswer extends Answer {
  /** Counts how often it is sent again; set by the router when it first is. */
  repeats?: SampledLatency;
  /** The decoded parts of its path; set by the router when it is first sent again. */
  parts?: readonly string[] | undefined;
}

interface CachedAnswer {
  readonly answer: KeptAnswer;
  readonly bytes: number;
  readonly forget: () => void;
}

const answersMax = 2_000;
const bytesMax = 4 * 1024 * 1024;
/** A larger answer is not kept: it would push out all the others. */
const answerBytesMax = bytesMax / 4;

/** The authorizer of every caller while access control is off. */
export const anyone = "";

/**
 * The key of a kept answer: a target and the authorizer of its caller, for callers with other permissions see other rows.
 * @param target path and query, encoded
 */
export function answerKey(target: string, authorizer: string): string {
  return authorizer === anyone ? target : `${authorizer} ${target}`;
}

/**
 * Kept answers by key. A thousand watchers that wake together share one rendering, and so do later requests. An answer is
 * dropped at the moment when one of its topics is touched, so it is never stale.
 */
export class AnswerCache {
  readonly #answers = new Map<string, CachedAnswer>();
  readonly #topics = new Watches();
  #bytes = 0;

  /** How many answers are kept. */
  get size(): number {
    return this.#answers.size;
  }

  get(key: string): KeptAnswer | undefined {
    return this.#answers.get(key)?.answer;
  }

  /** @param changedBy the topics that the answer depends on */
  put(key: string, changedBy: readonly Topic[], answer: KeptAnswer): void {
    this.#drop(key);
    const bytes = sizeOf(key, answer);
    if (bytes > answerBytesMax) return;
    const forget = this.#topics.wait(changedBy, () => this.#drop(key));
    this.#answers.set(key, { answer, bytes, forget });
    this.#bytes += bytes;
    while (this.#answers.size > answersMax || this.#bytes > bytesMax) this.#dropOldest();
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

/** From now on drops an answer when a commit touches it, or when a check that it shows has a new output. */
export function invalidateOnChange(
  answers: AnswerCache,
  { store, outputs }: { readonly store: Registry; readonly outputs: CheckOutputs },
): void {
  store.follow((touched) => {
    answers.touch(touched);
    if (touched.has(topics.coordinates)) answers.touch([topics.distances]);
  });
  outputs.onChange((node, service) => {
    // A node's own check is shown with every service on it.
    if (service === "") answers.clear();
    else answers.touch(outputTopics(node, service));
  });
}

function outputTopics(node: string, service: string): readonly Topic[] {
  const statuses = ["passing", "warning", "critical"].map((status) => topics.checksInStatus(status));
  return [topics.service(service), topics.serviceChecks(service), topics.nodeChecks(node), topics.checks, ...statuses];
}
