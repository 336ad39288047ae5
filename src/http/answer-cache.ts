import { Watches } from "../registry/watches.ts";
import type { Topic } from "../state/topics.ts";
import type { Answer } from "./answers.ts";

/** A read's answer, good for everybody who asks the same until one of its topics is touched. */
export interface IndexedAnswer extends Answer {
  /** As its header says. */
  readonly index: number;
}

const answersMax = 2_000;
const bytesMax = 4 * 1024 * 1024;

/**
 * Answers by what was asked. A thousand watchers that wake together get one rendering, and so does whoever asks again.
 * An answer is dropped in the moment that something it tells of changes, so it is never stale.
 */
export class AnswerCache {
  readonly #answers = new Map<string, { readonly answer: IndexedAnswer; readonly forget: () => void }>();
  readonly #topics = new Watches();
  #bytes = 0;

  get(asked: string): IndexedAnswer | undefined {
    return this.#answers.get(asked)?.answer;
  }

  put(asked: string, topics: readonly Topic[], answer: IndexedAnswer): void {
    if (this.#answers.has(asked)) this.#drop(asked);
    const forget = this.#topics.wait(topics, () => this.#drop(asked));
    this.#answers.set(asked, { answer, forget });
    this.#bytes += sizeOf(answer);
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
    this.#bytes -= sizeOf(cached.answer);
    cached.forget();
  }
}

function sizeOf(answer: Answer): number {
  return answer.body?.length ?? 0;
}
