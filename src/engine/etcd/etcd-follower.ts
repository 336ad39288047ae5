import { sleep } from "../../lib/clock.ts";
import type { Follower, Position } from "../replicated-engine.ts";
import type { EtcdClient } from "./etcd-client.ts";
import type { Layout } from "./layout.ts";
import type { LogReader } from "./log-reader.ts";
import { putOf, withoutDeletions } from "./transaction.ts";

/** Milliseconds after a watch failed until the log is read again. */
const pauseMs = 100;

export interface FollowerPlace {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly reader: LogReader;
}

/**
 * Gives a follower the batches after a position: first those in the log, then each new one from a watch. When the watch ends, or brings
 * another batch than the next, it begins anew from the position reached. Ends when the signal aborts, or the next batch is not in
 * the log any more or cannot be read: the follower then loads again, and the load reports damage.
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

  /** Returns the revision of etcd up to which the follower has all batches; undefined if it must load again. */
  async function catchUp(): Promise<bigint | undefined> {
    for (;;) {
      const { batches, more, revision } = await place.reader.page(next, { signal });
      if (!batches) return undefined;
      for (const batch of batches) {
        if (signal.aborted) return revision;
        follower.batch(batch, next);
        next += 1;
      }
      if (!more) return revision;
    }
  }

  /** Returns when an event is not the next batch. */
  async function watch(revision: bigint): Promise<void> {
    const { layout } = place;
    const range = { key: layout.batch(0), rangeEnd: layout.batchesEnd, startRevision: revision + 1n };
    // A snapshot deletes thousands of batches at once.
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
