import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { LocalRows } from "../registry/local-rows.ts";
import type { NodeCatalog, NodeChange, NodeContents } from "../registry/node-catalog.ts";
import type { Registry } from "../registry/registry.ts";
import type { CheckOutputs } from "./catalog-calls.ts";
import { commitSoon } from "./link-catalog.ts";
import { OutputQueue } from "./output-queue.ts";

export interface ServerCatalogOptions {
  readonly store: Registry;
  readonly localRows: Pick<LocalRows, "save">;
  /** The rows of this server's node in the store. */
  readonly catalog: NodeCatalog;
  /** Tells the other servers new outputs of this agent's checks. */
  readonly tellOutputs: (outputs: CheckOutputs) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The catalog of a cluster, as the agent of one of its servers sees it.
 *
 * As on a client agent, a registration is durable as soon as this agent's own rows are, so it succeeds while the cluster has no
 * leader; anti-entropy then brings it into the catalog. But a change with transactions, which nothing repeats, waits until it is
 * in the catalog.
 */
export class ServerCatalog {
  readonly #options: ServerCatalogOptions;
  readonly #outputs: OutputQueue;

  constructor(options: ServerCatalogOptions) {
    this.#options = options;
    this.#outputs = new OutputQueue(options.clock, options.tellOutputs);
  }

  /** @throws OperatingError when the rows cannot be made durable, or the transactions are not in the catalog */
  async commit({ rows = [], ...change }: NodeChange): Promise<void> {
    const { catalog, localRows } = this.#options;
    if (rows.length > 0) await localRows.save(rows);
    const isWaiting = change.transactions !== undefined && change.transactions.length > 0;
    if (isWaiting) return catalog.commit(change);
    await commitSoon(change, (each) => catalog.commit(each), this.#options);
  }

  /** @throws OperatingError unavailable "no-leader" */
  async contents(): Promise<NodeContents> {
    const { catalog, store } = this.#options;
    await store.freshen("leader");
    return catalog.contents();
  }

  watchNodeChecks(node: string, onChange: (contents: NodeContents) => void): { stop(): void } {
    return this.#options.catalog.watchNodeChecks(node, onChange);
  }

  showOutput(...[check, output]: Parameters<NodeCatalog["showOutput"]>): void {
    this.#options.catalog.showOutput(check, output);
    this.#outputs.set(check, output);
  }

  forgetOutput(check: Parameters<NodeCatalog["forgetOutput"]>[0]): void {
    this.#options.catalog.forgetOutput(check);
    this.#outputs.delete(check.id);
  }

  /** Sends no more outputs. */
  stop(): void {
    this.#outputs.stop();
  }
}
