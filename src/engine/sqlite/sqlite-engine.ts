import { assert } from "../../lib/assert.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Batch, Engine, OpenedEngine, Row } from "../engine.ts";
import { storeClosed } from "../store-closed.ts";
import { decodeRows, encodeBatch } from "./batch-codec.ts";
import type { Failure, FromWorker, ToWorker } from "./messages.ts";

export interface SqliteOptions {
  /** Made when it is not there. One agent at a time. */
  readonly folder: string;
}

/**
 * The rows in one SQLite file in a folder, written by a thread of its own. The values of the rows returned are views of
 * larger blocks; whoever keeps a few of many copies them.
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
  readonly #worker: Worker;
  /** Commits the worker has not answered for, oldest first. */
  readonly #unsettled: PromiseWithResolvers<void>[] = [];
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  #refuse: OperatingError | undefined;

  static open(folder: string): Promise<OpenedEngine> {
    const worker = startWorker();
    const opened = Promise.withResolvers<OpenedEngine>();
    const rows: Row[] = [];
    let revision = 0;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>): void => {
      if (data.kind === "rows") {
        const block = decodeRows(data.block);
        for (const row of block.rows) rows.push(row);
        revision = block.revision ?? revision;
      } else if (data.kind === "opened") {
        opened.resolve({ engine: new SqliteEngine(worker), revision, rows });
      } else if (data.kind === "refused") {
        worker.terminate();
        opened.reject(errorOf(data.failure));
      }
    };
    worker.onerror = (event): void => opened.reject(workerStopped(event.message));
    send(worker, { kind: "open", folder });
    return opened.promise;
  }

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromWorker>): void => this.#receive(data);
    worker.onerror = (event): void => this.#stop(workerStopped(event.message));
    worker.addEventListener("close", () => this.#stop(workerStopped("it ended")));
  }

  async commit(batch: Batch): Promise<void> {
    if (this.#refuse !== undefined) throw this.#refuse;
    const block = encodeBatch(batch);
    const settled = Promise.withResolvers<void>();
    this.#unsettled.push(settled);
    send(this.#worker, block, [block]);
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
    if (message.kind === "committed") for (let i = 0; i < message.count; i++) this.#oldest().resolve();
    else if (message.kind === "rejected") this.#oldest().reject(errorOf(message.failure));
    else if (message.kind === "closed") {
      this.#closed.resolve();
      this.#worker.terminate();
    }
  }

  #oldest(): PromiseWithResolvers<void> {
    const settled = this.#unsettled.shift();
    assert(settled !== undefined, "the worker answers only what it was asked");
    return settled;
  }

  /** The worker is gone: whether its last transaction became durable is not known, so nothing is promised of it. */
  #stop(error: OperatingError): void {
    this.#refuse ??= error;
    this.#closed.resolve();
    for (const settled of this.#unsettled.splice(0)) settled.reject(error);
  }
}

function send(worker: Worker, message: ToWorker, transfer: ArrayBuffer[] = []): void {
  worker.postMessage(message, transfer);
}

function errorOf(failure: Failure): OperatingError {
  return new OperatingError(failure.kind, failure.code, failure.message);
}

function workerStopped(reason: unknown): OperatingError {
  return new OperatingError(
    "unavailable",
    "store-stopped",
    `the thread that writes the store stopped: ${messageOf(reason)}. Restart the agent; what was acknowledged is kept.`,
  );
}
