import type { Batch, Engine } from "../../src/engine/engine.ts";
import { OperatingError } from "../../src/lib/errors.ts";

/** An engine in front of another that fails, or keeps callers waiting, for as long as a test says so. */
export class FailingEngine implements Engine {
  /** Every batch that was asked for, also those that failed. */
  readonly batches: Batch[] = [];
  readonly #engine: Engine;
  #failing = false;
  #gate: PromiseWithResolvers<void> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async commit(batch: Batch): Promise<void> {
    this.batches.push(batch);
    await this.#gate?.promise;
    if (this.#failing) throw new OperatingError("unavailable", "disk-full", "the disk is full");
    await this.#engine.commit(batch);
  }

  async ping(): Promise<void> {
    await this.#gate?.promise;
    await this.#engine.ping();
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  /** From now on commits fail, those that are held included. */
  fail(): void {
    this.#failing = true;
  }

  recover(): void {
    this.#failing = false;
  }

  /** From now on commits wait. */
  hold(): void {
    this.#gate = Promise.withResolvers();
  }

  /** Lets go what waits. */
  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }
}
