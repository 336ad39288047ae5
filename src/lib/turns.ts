/** Runs some tasks at a time; the others wait for their turn, in the order in which they came. */
export class Turns {
  readonly #atATime: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(atATime: number) {
    this.#atATime = atATime;
  }

  /** The number of tasks that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs a task when its turn has come. Resolves or rejects as the task does. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atATime) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
