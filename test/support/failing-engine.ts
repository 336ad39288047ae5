import type { Batch, Engine } from "../../src/engine/engine.ts";
import { OperatingError } from "../../src/lib/errors.ts";

/** An engine in front of another one, whose commits a test can fail or delay. */
export class FailingEngine implements Engine {
  /** Every batch that was submitted, failed ones included. */
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

  /** Makes every commit fail from now on, held ones included. */
  fail(): void {
    this.#failing = true;
  }

  recover(): void {
    this.#failing = false;
  }

  /** Holds every commit from now on. */
  hold(): void {
    this.#gate = Promise.withResolvers();
  }

  /** Releases the commits that are held. */
  release(): void {
    this.#gate?.resolve();
    this.#gate = undefined;
  }
}
