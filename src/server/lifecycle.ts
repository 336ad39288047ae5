/** A part of an agent. The agent ends its parts in two passes over all of them, first stop, then close: see Lifecycle. */
export interface Part {
  /** Ends the part's own work. Parts that were opened before this one still run, and listeners still answer. */
  stop?(): void | Promise<void>;
  /** Releases resources that other parts need until they have stopped: sockets, files. */
  close?(): void | Promise<void>;
}

/**
 * The parts of an agent, in the order in which they were opened. They end from the last to the first, also when a later
 * part cannot be opened:
 *
 *     open    engine ─▶ store ─▶ bus ─▶ agent ─▶ dns ─▶ listeners ─▶ loops
 *     stop              store ◀─ bus ◀─ agent ◀─ dns ◀────────────── loops
 *     close   engine ◀────────────────────────────────── listeners
 *
 * There are two passes because a listener waits for its requests to end, and some are blocking queries, which end when
 * the store stops. (Fastify has a preClose hook beside onClose for the same reason.)
 */
export class Lifecycle {
  readonly #parts: Part[] = [];
  readonly #opened = Promise.withResolvers<void>();
  #ended: Promise<void> | undefined;

  constructor() {
    // A start may fail before any part waits for `opened`; its rejection must not count as unhandled.
    this.#opened.promise.catch(() => {});
  }

  /** Resolves when all parts are open; rejects with the reason when one cannot be opened. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /**
   * Runs `open` and returns its result. If `open` rejects, ends the parts that it has added and rejects with the same reason,
   * even if a part fails to end.
   */
  async openAll<T>(open: (parts: this) => Promise<T>): Promise<T> {
    try {
      const result = await open(this);
      this.#opened.resolve();
      return result;
    } catch (reason) {
      this.#opened.reject(reason);
      await this.end().catch(() => {});
      throw reason;
    }
  }

  /** Waits until a part is open, and adds the part to those that `end` ends. */
  async open<T extends Part>(opening: Promise<T>): Promise<T> {
    return this.add(await opening);
  }

  add<T extends Part>(part: T): T {
    this.#parts.push(part);
    return part;
  }

  /**
   * Stops and then closes all parts. A second call waits for the first.
   * @throws the error of the first part that could not be ended, after the others have ended
   */
  end(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    const parts = this.#parts.toReversed();
    const failures: unknown[] = [];
    const attempt = async (step: () => void | Promise<void>): Promise<void> => {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    };
    for (const part of parts) await attempt(() => part.stop?.());
    for (const part of parts) await attempt(() => part.close?.());
    if (failures.length > 0) throw failures[0];
  }
}

/** Returns a part that runs a loop. Stopping the part aborts the signal, and then `run` must end. */
export function loop(run: (signal: AbortSignal) => void | Promise<void>): Part {
  const stopping = new AbortController();
  const ended = run(stopping.signal);
  return { stop: () => stopping.abort(), close: () => ended };
}
