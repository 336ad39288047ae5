import type { Agent } from "../../agent/agent.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { ClusterView } from "../../registry/cluster-view.ts";
import { noLeader } from "../../registry/leader-wait.ts";
import type { IncomingSnapshot } from "../../registry/snapshot.ts";
import type { Registry } from "../../registry/registry.ts";
import { empty } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import { addContact, currentHeaders } from "../leader-contact.ts";
import { snapshotBytesMax } from "../limits.ts";
import { type LeaderAccess, onLeader } from "../on-leader.ts";
import type { DatacenterEndpoint } from "../route.ts";
import { packSnapshot, tooLarge, unpackSnapshot } from "../snapshot-archive.ts";

export interface SnapshotParts {
  readonly agent: Pick<Agent, "node">;
  readonly cluster: Pick<ClusterView, "isAlone" | "leader" | "lastContactMs" | "own">;
  /** Writes this agent's local state to the catalog. */
  readonly resync: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sends a snapshot. Consul: it does not wait for a leader, and of the options of other reads only ?stale has an effect. */
export function saveSnapshot({ agent, clock, cluster }: SnapshotParts): DatacenterEndpoint {
  return ({ caller: { registry }, query }) =>
    async () => {
      const consistency = query.has("stale") ? "stale" : "leader";
      if (consistency === "leader") {
        if (!cluster.leader) throw noLeader();
        await registry.freshen(consistency);
      }
      const { index, archive } = await packSnapshot(registry, {
        ...{ clock, node: agent.node, address: cluster.own.address },
      });
      const response = new Response(archive, {
        headers: {
          "Content-Type": "application/x-gzip",
          Vary: "Accept-Encoding",
          "X-Consul-Index": String(index),
          ...currentHeaders,
        },
      });
      return cluster.isAlone ? response : addContact(response, cluster, consistency);
    };
}

/** Replaces the whole state by a snapshot, at the leader. */
export function restoreSnapshot(parts: SnapshotParts & LeaderAccess): DatacenterEndpoint {
  return onLeader(parts, ({ caller: { registry }, query, raw }) => async () => {
    if (query.has("stale")) throw new HttpError(500, "stale not allowed for restore");
    const announced = Number(raw.headers.get("content-length") ?? 0);
    if (announced > snapshotBytesMax) throw tooLarge(announced);
    const incoming = await readSnapshot(registry, raw.body ?? new Blob([]).stream());
    await incoming.commit();
    parts.log.info("Snapshot restored", { index: registry.index });
    await syncAgent(parts);
    // Without this call the unpacked bytes and the previous state would stay on the heap for a long time.
    Bun.gc(true);
    return empty();
  });
}

/** @throws HttpError 500 for every fault of a snapshot, as in Consul */
async function readSnapshot(
  registry: Registry,
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<IncomingSnapshot> {
  try {
    return await unpackSnapshot(registry, body);
  } catch (error) {
    if (!(error instanceof OperatingError) || error.kind !== "invalid") throw error;
    throw new HttpError(500, `failed to read snapshot file: ${error.message}`);
  }
}

/** Writes the local state to the restored catalog at once; anti-entropy alone would take up to a minute. */
async function syncAgent({ resync, log }: SnapshotParts): Promise<void> {
  try {
    await resync();
  } catch (error) {
    log.error("The catalog could not be brought in step after a snapshot; tried again within a minute", {
      error: messageOf(error),
    });
  }
}
