import { Watches } from "../registry/watches.ts";
import type { Topic } from "../state/topics.ts";
import type { Answer } from "./answers.ts";
import type { SampledLatency } from "./sampled-latency.ts";

/** The answer to a read, valid for every client that asks the same until one of its topics is touched. */
export interface KeptAnswer extends Answer {
  /** How often it was sent again; the router's own, set when it first was. */
  repeats?: SampledLatency;
  /** The decoded parts of its path; set by the router when the answer is first sent again. */
  parts?: readonly string[] | undefined;
}

interface CachedAnswer {
  readonly answer: KeptAnswer;
  readonly bytes: number;
  readonly forget: () => void;
}

const answersMax = 2_000;
const bytesMax = 4 * 1024 * 1024;
/** One that is larger is made anew each time, lest it push out all the others. */
const answerBytesMax = bytesMax / 4;

/**
 * Answers by what was asked. A thousand watchers that wake together get one rendering, and so does whoever asks again.
 * An answer is dropped in the moment that something it tells of changes, so it is never stale.
 */
export class AnswerCache {
  readonly #answers = new Map<string, CachedAnswer>();
  readonly #topics = new Watches();
  #bytes = 0;

  /** How many are kept. */
  get size(): number {
    return this.#answers.size;
  }

  get(asked: string): KeptAnswer | undefined {
    return this.#answers.get(asked)?.answer;
  }

  put(asked: string, topics: readonly Topic[], answer: KeptAnswer): void {
    this.#drop(asked);
    const bytes = sizeOf(asked, answer);
    if (bytes > answerBytesMax) return;
    const forget = this.#topics.wait(topics, () => this.#drop(asked));
    this.#answers.set(asked, { answer, bytes, forget });
    this.#bytes += bytes;
    while (this.#answers.size > answersMax || this.#bytes > bytesMax) this.#dropOldest();
  }

  /** Something changed that these topics tell of. */
  touch(touched: Iterable<Topic>): void {
    this.#topics.wake(touched);
  }

  clear(): void {
    this.#topics.wakeAll();
  }

  #dropOldest(): void {
    for (const asked of this.#answers.keys()) return this.#drop(asked);
  }

  #drop(asked: string): void {
    const cached = this.#answers.get(asked);
    if (!cached) return;
    this.#answers.delete(asked);
    this.#bytes -= cached.bytes;
    cached.forget();
  }
}

function sizeOf(asked: string, { body }: Answer): number {
  return asked.length + (body?.length ?? 0);
}
