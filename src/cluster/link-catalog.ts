import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { LocalRows } from "../registry/local-rows.ts";
import type { NodeChange, NodeContents } from "../registry/node-catalog.ts";
import type { CatalogCommit, CheckOutputs, CommitAnswer, ContentsAnswer, ContentsRequest } from "./catalog-calls.ts";
import { type RefusedThing, RefusedWrites } from "./refused-writes.ts";
import { OutputQueue } from "./output-queue.ts";
import { noServers, type ServerPool } from "./server-pool.ts";

export interface LinkCatalogOptions {
  readonly pool: Pick<ServerPool, "call" | "isLinked">;
  readonly localRows: Pick<LocalRows, "save">;
  /** The name of this agent's node. */
  readonly node: string;
  /** Returns the secret of the agent's default token, "" for none. */
  readonly defaultToken: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long a change waits for the catalog, in milliseconds; the change is then already durable in the local rows. */
const commitMsMax = 1_000;
/** Time until a watch that failed reads the catalog again, in milliseconds. */
const watchAgainMs = 1_000;

/**
 * Sends a change that is durable in the local rows to the catalog. Resolves when the catalog has it, or after a second at most.
 * Logs a failure.
 */
export async function commitSoon(
  change: CatalogCommit,
  send: (change: CatalogCommit) => Promise<unknown>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<void> {
  if (!Object.values(change).some((part) => part.length > 0)) return;
  const sent = send(change).catch((error: unknown) => {
    log.warn("A change has not reached the catalog; it is tried again within a minute", { error: messageOf(error) });
  });
  await Promise.race([sent, sleep(clock, commitMsMax)]);
}

/**
 * The catalog of a server, as the agent of a client sees it.
 *
 * A change is durable as soon as this agent's own rows are, so a registration succeeds without a server. The change then
 * goes to the catalog. If it does not arrive there, the anti-entropy that follows each join and each minute repairs the catalog.
 */
export class LinkCatalog {
  readonly #options: LinkCatalogOptions;
  readonly #outputs: OutputQueue;
  readonly #refused: RefusedWrites;
  #isStopped = false;

  constructor(options: LinkCatalogOptions) {
    this.#options = options;
    this.#refused = new RefusedWrites(options.log);
    this.#outputs = new OutputQueue(options.clock, (outputs) => this.#send(outputs));
  }

  /**
   * Makes the rows durable, and sends the rest to the catalog. Resolves when the catalog has it, or after a second at most.
   * @throws OperatingError when the rows cannot be made durable
   */
  async commit({ rows = [], ...change }: NodeChange): Promise<void> {
    const { localRows, pool } = this.#options;
    if (rows.length > 0) await localRows.save(rows);
    if (!pool.isLinked) return;
    const send = async (head: CatalogCommit): Promise<void> => {
      const answer = await pool.call({ kind: "catalog-commit", head }, { isRepeatable: true });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
      this.#refused.note(head, answer.head as CommitAnswer);
    };
    await commitSoon(this.#withTokens(change), send, this.#options);
  }

  /** The services and checks that the catalog lacks because their tokens may not register them. */
  get refusedWrites(): readonly RefusedThing[] {
    return this.#refused.all;
  }

  /** Consul: a registration without a token of its own has the agent's default token. */
  #withTokens({ registrations, ...change }: CatalogCommit): CatalogCommit {
    if (!registrations) return change;
    const fallback = this.#options.defaultToken() || undefined;
    return { ...change, registrations: registrations.map((each) => ({ ...each, token: each.token ?? fallback })) };
  }

  /** @throws OperatingError unavailable "no-servers" at once without a server */
  async contents(): Promise<NodeContents> {
    const { node, pool } = this.#options;
    if (!pool.isLinked) throw noServers();
    return this.#contentsOf({ node, withOutputs: false });
  }

  /**
   * Calls `onChange` with a node's contents, first as soon as a server answers, then after each change, until stopped. Without a
   * server nothing changes.
   */
  watchNodeChecks(node: string, onChange: (contents: NodeContents) => void): { stop(): void } {
    const stopping = new AbortController();
    void this.#watch(node, onChange, stopping.signal);
    return { stop: () => stopping.abort() };
  }

  showOutput(check: { readonly id: string; readonly serviceName: string }, output: string): void {
    this.#outputs.set(check, output);
  }

  forgetOutput({ id }: { readonly id: string }): void {
    this.#outputs.delete(id);
  }

  /** Sends all outputs, to a server that has just been joined. */
  sendOutputs(): void {
    this.#outputs.sendAll();
  }

  /** Sends no more outputs. */
  stop(): void {
    this.#isStopped = true;
    this.#outputs.stop();
  }

  #send(head: CheckOutputs): void {
    const { pool } = this.#options;
    // After the next join all outputs are sent.
    if (pool.isLinked) pool.call({ kind: "check-output", head }, { isRepeatable: true }).catch(() => {});
  }

  async #watch(node: string, onChange: (contents: NodeContents) => void, signal: AbortSignal): Promise<void> {
    let after: number | undefined;
    while (!signal.aborted && !this.#isStopped) {
      try {
        const contents = await this.#contentsOf({ node, after, withOutputs: true }, signal);
        if (signal.aborted) return;
        if (contents.index !== after) onChange(contents);
        after = contents.index;
      } catch {
        // The server may be another one, or have a restored snapshot with lower indexes.
        after = undefined;
        await sleep(this.#options.clock, watchAgainMs, signal);
      }
    }
  }

  async #contentsOf(head: ContentsRequest, signal?: AbortSignal): Promise<ContentsAnswer> {
    const answer = await this.#options.pool.call({ kind: "node-contents", head }, { isRepeatable: true, signal });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
    return answer.head as ContentsAnswer;
  }
}
