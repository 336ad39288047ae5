import { assert } from "../../lib/assert.ts";
import { errorOf, messageOf, OperatingError } from "../../lib/errors.ts";
import type { Batch, Engine, OpenedEngine, Row } from "../engine.ts";
import { startThread } from "../../lib/start-thread.ts";
import { storeClosed } from "../store-closed.ts";
import { decodeRows, encodeBatch } from "./batch-codec.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

export interface SqliteOptions {
  /** Path of the data folder, which is created if missing. Only one agent at a time can have it open. */
  readonly folder: string;
}

/**
 * Opens the store, one SQLite file in the folder, which a separate thread reads and writes. The values of the returned rows
 * are views of larger blocks: a caller that keeps only a few rows must copy their values.
 * @throws OperatingError conflict when another agent has the folder open; unavailable when the folder or the file cannot be
 * used, and then nothing has changed
 */
export function openSqliteEngine(options: SqliteOptions): Promise<OpenedEngine> {
  return SqliteEngine.open(options.folder);
}

class SqliteEngine implements Engine {
  readonly #worker: Worker = startThread("sqlite", new URL("./worker.ts", import.meta.url), "engine/sqlite/worker.js");
  /** The promise that `open` returned; undefined once it is resolved, so that the garbage collector can free the rows. */
  #opening: PromiseWithResolvers<OpenedEngine> | undefined;
  /** The stored rows that the worker has sent so far. */
  #loaded: { rows: Row[]; revision: number } = { rows: [], revision: 0 };
  /** The commits and pings that the worker has not answered, oldest first. */
  readonly #unsettled: PromiseWithResolvers<void>[] = [];
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  #refuse: OperatingError | undefined;

  static open(folder: string): Promise<OpenedEngine> {
    const opening = Promise.withResolvers<OpenedEngine>();
    const engine = new SqliteEngine(opening);
    send(engine.#worker, { kind: "open", folder });
    return opening.promise;
  }

  private constructor(opening: PromiseWithResolvers<OpenedEngine>) {
    this.#opening = opening;
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    this.#worker.addEventListener("error", (event) => this.#stop(threadStopped(event.message)));
    this.#worker.addEventListener("close", () => this.#stop(threadStopped("it ended")));
  }

  async commit(batch: Batch): Promise<void> {
    if (this.#refuse !== undefined) throw this.#refuse;
    const block = encodeBatch(batch);
    const settled = Promise.withResolvers<void>();
    this.#unsettled.push(settled);
    send(this.#worker, block, [block]);
    return settled.promise;
  }

  async ping(): Promise<void> {
    if (this.#refuse !== undefined) throw this.#refuse;
    const settled = Promise.withResolvers<void>();
    this.#unsettled.push(settled);
    send(this.#worker, { kind: "ping" });
    return settled.promise;
  }

  close(): Promise<void> {
    if (this.#refuse === undefined) {
      this.#refuse = storeClosed();
      send(this.#worker, { kind: "close" });
    }
    return this.#closed.promise;
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "rows":
        return this.#load(message.block);
      case "opened":
        this.#opening?.resolve({ engine: this, ...this.#loaded });
        this.#opening = undefined;
        this.#loaded = { rows: [], revision: 0 };
        return;
      case "committed":
      case "pong":
        return this.#oldest().resolve();
      case "rejected":
        return this.#oldest().reject(errorOf(message.failure));
      case "refused":
        return this.#stop(errorOf(message.failure));
      case "closed":
        return this.#stop(storeClosed());
    }
  }

  #load(block: ArrayBuffer): void {
    const { rows, revision } = decodeRows(block);
    for (const row of rows) this.#loaded.rows.push(row);
    if (revision !== undefined) this.#loaded.revision = revision;
  }

  #oldest(): PromiseWithResolvers<void> {
    const settled = this.#unsettled.shift();
    assert(settled !== undefined, "the worker answers only commits and pings");
    return settled;
  }

  /** Rejects all unanswered commits, as the thread has ended. After a crash its last transaction may or may not be durable. */
  #stop(error: OperatingError): void {
    this.#refuse ??= error;
    this.#opening?.reject(error);
    this.#closed.resolve();
    for (const settled of this.#unsettled.splice(0)) settled.reject(error);
    this.#worker.terminate();
  }
}

function send(worker: Worker, message: ToWorker, transfer: ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}

function threadStopped(reason: unknown): OperatingError {
  return new OperatingError(
    "unavailable",
    "store-stopped",
    `the thread that writes the store stopped: ${messageOf(reason)}. Restart the agent; acknowledged writes are kept.`,
  );
}
