import type { Batch, Engine } from "../../src/engine/engine.ts";
import { OperatingError } from "../../src/lib/errors.ts";

/** Wraps another engine, so that a test can fail or delay its commits. */
export class FailingEngine implements Engine {
  /** Every batch that was submitted, including those whose commit failed. */
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

  /** Makes every commit fail from now on, including delayed commits. */
  fail(): void {
    this.#failing = true;
  }

  recover(): void {
    this.#failing = false;
  }

  /** Delays every commit from now on until `release`. */
  hold(): void {
    this.#gate = Promise.withResolvers();
  }

  /** Lets the delayed commits continue. */
  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }
}
