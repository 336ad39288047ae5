import { sleep } from "../../lib/clock.ts";
import type { Follower, Position } from "../replicated-engine.ts";
import type { EtcdClient } from "./etcd-client.ts";
import type { Layout } from "./layout.ts";
import type { LogReader, PageSize } from "./log-reader.ts";
import { putOf, withoutDeletions } from "./transaction.ts";

/** Milliseconds between a failure of the watch and the next read of the log. */
const pauseMs = 100;

export interface FollowerPlace {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly reader: LogReader;
}

/**
 * Calls a follower with each batch after a position: first with those in the log, then with each new one, which a watch
 * reports. When the watch ends, or reports another batch than the next, reads the log again from the position reached. Ends
 * when the signal aborts. Ends also, after a call of `reload`, when the next batch is not in the log any more or cannot be
 * decoded: the follower then loads all rows, and a load reports damage.
 */
export async function followLog(
  place: FollowerPlace,
  from: Position,
  options: { readonly follower: Follower; readonly signal: AbortSignal },
): Promise<void> {
  const { client } = place;
  const { follower, signal } = options;
  let next = from + 1;
  while (!signal.aborted) {
    try {
      const revision = await catchUp();
      if (signal.aborted) return;
      if (revision === undefined) return follower.reload();
      await watch(revision);
    } catch (error) {
      if (signal.aborted) return;
      client.report("the batches in etcd cannot be followed; trying again", error);
      await sleep(client.clock, pauseMs, signal);
    }
  }

  /**
   * Calls the follower with the batches in the log. Returns the revision of etcd at which they were all; undefined if the
   * follower must load again.
   */
  async function catchUp(): Promise<bigint | undefined> {
    let size: PageSize | undefined;
    for (;;) {
      const { batches, more, revision, nextSize } = await place.reader.page(next, { signal }, size);
      if (!batches) return undefined;
      for (const batch of batches) {
        if (signal.aborted) return revision;
        follower.batch(batch, next);
        next += 1;
      }
      if (!more) return revision;
      size = nextSize;
    }
  }

  /** Calls the follower with each new batch. Returns when an event reports another batch than the next. */
  async function watch(revision: bigint): Promise<void> {
    const { layout } = place;
    const range = { key: layout.batch(0), rangeEnd: layout.batchesEnd, startRevision: revision + 1n };
    // The watch leaves out deletions, because a snapshot deletes thousands of batches at once.
    const create = { ...range, filters: [withoutDeletions], fragment: true };
    for await (const events of client.watch(create, signal)) {
      for (const event of events) {
        const kv = putOf(event);
        if (!kv) continue;
        const batch = await place.reader.batch(kv, next, { signal });
        if (!batch || signal.aborted) return;
        follower.batch(batch, next);
        next += 1;
      }
    }
  }
}
