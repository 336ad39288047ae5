import type { Batch, OpenedEngine } from "../../../src/engine/engine.ts";
import { MemoryStore } from "../../../src/engine/memory/memory-engine.ts";
import { storeClosed } from "../../../src/engine/store-closed.ts";
import { sleep, type Clock } from "../../../src/lib/clock.ts";
import { OperatingError } from "../../../src/lib/errors.ts";
import type { FakeRandom } from "../fake-random.ts";
import { mutateBatch, mutateOpened } from "./mutated-disk.ts";
import type { Mutation } from "./mutation.ts";

/** A batch on the disk, with the number of the process that wrote it. */
export interface Kept {
  readonly batch: Batch;
  readonly process: number;
}

/** A disk to which one process at a time writes. The simulation makes it confirm writes late, refuse them, or hang. */
export class SimulatedDisk {
  readonly #clock: Clock;
  readonly #random: FakeRandom;
  readonly #mutation: Mutation | undefined;
  readonly #kept = new MemoryStore();
  /** Batches that the disk has confirmed but not written, if it has the fault of early confirmation. */
  readonly #promised: Batch[] = [];
  #writing: Batch | undefined;
  #last: Promise<void> = Promise.resolve();
  #process = 0;
  #begins: PromiseWithResolvers<void> | undefined;
  #gate: PromiseWithResolvers<void> | undefined;
  #refusing = false;
  #delayMsMax = 4;
  #lagMs = 0;
  #troubleEndedMs = 0;
  #hungSinceMs = Number.POSITIVE_INFINITY;
  onKept: (kept: Kept) => void = () => {};

  constructor(options: {
    readonly clock: Clock;
    readonly random: FakeRandom;
    readonly mutation: Mutation | undefined;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#mutation = options.mutation;
  }

  /** Returns for how long the disk has been healthy, in milliseconds; 0 during a fault. */
  get wellForMs(): number {
    const isHealthy = !this.#gate && !this.#refusing && this.#lagMs === 0 && this.#delayMsMax < 100;
    return isHealthy ? this.#clock.monotonicMs() - this.#troubleEndedMs : 0;
  }

  /** Returns the time at which the disk began to hang, in milliseconds; Infinity when it does not hang. */
  get hungSinceMs(): number {
    return this.#hungSinceMs;
  }

  /** Returns the number of the process that writes, or wrote last. */
  get writer(): number {
    return this.#process;
  }

  /** Returns the revision of the last batch on the disk. */
  get revision(): number {
    return this.#kept.revision;
  }

  hang(): void {
    if (!this.#gate) this.#hungSinceMs = this.#clock.monotonicMs();
    this.#gate ??= Promise.withResolvers();
  }

  refuse(): void {
    this.#refusing = true;
  }

  slowDown(delayMsMax: number): void {
    this.#delayMsMax = delayMsMax;
  }

  /** Delays each later write by this number of milliseconds. */
  lag(ms: number): void {
    this.#lagMs = ms;
  }

  heal(): void {
    this.#refusing = false;
    this.#delayMsMax = 4;
    this.#lagMs = 0;
    this.#gate?.resolve();
    this.#gate = undefined;
    this.#hungSinceMs = Number.POSITIVE_INFINITY;
    this.#troubleEndedMs = this.#clock.monotonicMs();
  }

  open(): OpenedEngine {
    const process = ++this.#process;
    let closed = false;
    const commit = (batch: Batch): Promise<void> => {
      if (closed) return Promise.reject(storeClosed());
      // A write of a crashed process never takes effect.
      if (process !== this.#process) return new Promise(() => {});
      const written = this.#last.then(() => this.#write(batch, process));
      this.#last = written.catch(() => {});
      return written;
    };
    const close = async (): Promise<void> => {
      closed = true;
      await this.#last;
    };
    const found = { revision: this.#kept.revision, rows: this.#kept.rows() };
    return { engine: { commit, ping: () => this.#last, close }, ...mutateOpened(found, this.#mutation) };
  }

  /** Resolves when the disk is writing a batch. */
  async untilWriting(): Promise<void> {
    while (!this.#writing) await (this.#begins ??= Promise.withResolvers()).promise;
  }

  /** Ends the writing process. The batch that is being written is either stored completely or lost, and never confirmed. */
  crash(): void {
    const batch = this.#writing;
    this.#writing = undefined;
    this.#last = Promise.resolve();
    const promised = this.#promised.splice(0);
    if (this.#mutation === "the disk keeps halves of batches")
      for (const each of promised) this.#kept.apply(halfOf(each));
    if (batch && this.#random.uniform() < 0.5) this.#apply(batch);
    this.#process += 1;
  }

  async #write(batch: Batch, process: number): Promise<void> {
    this.#writing = batch;
    this.#begins?.resolve();
    this.#begins = undefined;
    await sleep(this.#clock, this.#lagMs + this.#delay());
    await this.#gate?.promise;
    if (process !== this.#process) return new Promise(() => {});
    this.#writing = undefined;
    if (this.#refusing) {
      if (this.#mutation === "the disk keeps a refused batch") this.#apply(batch);
      throw new OperatingError("unavailable", "disk-full", "the disk is full");
    }
    this.#keep(batch);
    await sleep(this.#clock, this.#delay() / 4);
    if (process !== this.#process) return new Promise(() => {});
  }

  #keep(batch: Batch): void {
    const isLate =
      this.#mutation === "the disk loses a confirmed batch" || this.#mutation === "the disk keeps halves of batches";
    if (!isLate) return this.#apply(batch);
    this.#promised.push(batch);
    for (const late of this.#promised.splice(0, this.#promised.length - 3)) this.#apply(late);
  }

  #apply(batch: Batch): void {
    this.#kept.apply(mutateBatch(batch, this.#mutation));
    this.onKept({ batch, process: this.#process });
  }

  #delay(): number {
    return this.#random.uniform() * this.#delayMsMax;
  }
}

function halfOf(batch: Batch): Batch {
  return { ...batch, changes: batch.changes.filter((_, at) => at % 2 === 1) };
}
