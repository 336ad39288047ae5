import { assert } from "../../lib/assert.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Batch, Engine, OpenedEngine, Row } from "../engine.ts";
import { storeClosed } from "../store-closed.ts";
import { decodeRows, encodeBatch } from "./batch-codec.ts";
import type { Failure, FromWorker, ToWorker } from "./messages.ts";

export interface SqliteOptions {
  /** Created if missing. One agent at a time uses it. */
  readonly folder: string;
}

/**
 * Opens the rows in one SQLite file in a folder, which a thread of its own writes. The values of the returned rows are
 * views of larger blocks: a caller that keeps a few of many copies them.
 * @throws OperatingError conflict when another agent has the folder open; unavailable when the folder or the file
 * cannot be used: nothing was changed then.
 */
export function openSqliteEngine(options: SqliteOptions): Promise<OpenedEngine> {
  return SqliteEngine.open(options.folder);
}

/**
 * In an executable made with `bun build --compile`, the worker is an entry point beside src/main.ts and is found by its
 * place below their common folder; import.meta.url there is not this file's.
 */
function startWorker(): Worker {
  const script = Bun.isStandaloneExecutable
    ? "/$bunfs/root/engine/sqlite/worker.js"
    : new URL("./worker.ts", import.meta.url).href;
  // smol: a small heap, collected often; loading 200,000 rows otherwise leaves tens of MiB behind.
  return new Worker(script, { smol: true, name: "sqlite" });
}

class SqliteEngine implements Engine {
  readonly #worker: Worker = startWorker();
  /** Dropped once it is settled, so that the rows can be collected. */
  #opening: PromiseWithResolvers<OpenedEngine> | undefined;
  /** The stored rows that the worker has sent so far. */
  #loaded: { rows: Row[]; revision: number } = { rows: [], revision: 0 };
  /** Commits and pings the worker has not answered, oldest first. */
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
    assert(settled !== undefined, "the worker answers only what it was asked");
    return settled;
  }

  /** The thread has ended. If it broke, its last transaction may be durable or not, so the commits reject. */
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

function errorOf(failure: Failure): OperatingError {
  return new OperatingError(failure.kind, failure.code, failure.message);
}

function threadStopped(reason: unknown): OperatingError {
  return new OperatingError(
    "unavailable",
    "store-stopped",
    `the thread that writes the store stopped: ${messageOf(reason)}. Restart the agent; what was acknowledged is kept.`,
  );
}
