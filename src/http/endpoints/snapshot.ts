import { messageOf, OperatingError } from "../../lib/errors.ts";
import { IncomingSnapshot, takeSnapshot } from "../../registry/snapshot.ts";
import { checkSnapshotMeta, encodeSnapshotMeta } from "../../wire/snapshot-meta.ts";
import { empty } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import { snapshotBytesMax } from "../limits.ts";
import { requireDatacenter } from "../query-options.ts";

const metaName = "meta.json";
const stateName = "state.bin";

/** Consul: none of the options that other reads have is looked at, ?stale neither. */
export function saveSnapshot(api: Api): Endpoint {
  return async ({ query }) => {
    requireDatacenter(query, api.datacenter);
    const { index, archive } = await packSnapshot(api);
    return new Response(archive, {
      headers: {
        "Content-Type": "application/x-gzip",
        Vary: "Accept-Encoding",
        "X-Consul-Index": String(index),
        "X-Consul-Knownleader": "true",
        "X-Consul-Lastcontact": "0",
      },
    });
  };
}

async function packSnapshot(
  api: Api,
): Promise<{ readonly index: number; readonly archive: ReadableStream<Uint8Array> }> {
  // Loaded when first needed: an agent that is never asked for a snapshot has no use for it.
  const { measureFile, packArchive } = await import("../../lib/checked-archive.ts");
  const snapshot = takeSnapshot(api.store);
  const { index } = snapshot;
  const state = await measureFile(stateName, () => snapshot.blocks());
  if (state.bytes > snapshotBytesMax) throw tooLarge(state.bytes);
  const takenMs = api.clock.wallMs();
  const { agent, leader: serverAddress } = api;
  const text = encodeSnapshotMeta({ index, takenMs, bytes: state.bytes, serverId: agent.node.id, serverAddress });
  const meta = await measureFile(metaName, () => [Buffer.from(text)]);
  return { index, archive: packArchive([meta, state], new Date(takenMs)) };
}

export function restoreSnapshot(api: Api): Endpoint {
  return async ({ query, raw }) => {
    requireDatacenter(query, api.datacenter);
    if (query.has("stale")) throw new HttpError(500, "stale not allowed for restore");
    const announced = Number(raw.headers.get("content-length") ?? 0);
    if (announced > snapshotBytesMax) throw tooLarge(announced);
    const incoming = await readSnapshot(api, raw.body ?? new Blob([]).stream());
    await incoming.commit();
    api.log.info("Snapshot restored", { index: api.store.state.index });
    await bringInStep(api);
    // Otherwise what was unpacked, and the state before, stay on the heap until long after.
    Bun.gc(true);
    return empty();
  };
}

/**
 * Nothing is changed yet.
 * @throws HttpError 500 as Consul answers with, whatever is wrong with a snapshot
 */
async function readSnapshot(api: Api, body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<IncomingSnapshot> {
  const incoming = new IncomingSnapshot(api.store);
  try {
    const { unpackArchive } = await import("../../lib/checked-archive.ts");
    const receive = (block: Uint8Array): void => incoming.add(block);
    const wanted = { texts: [metaName], streamed: stateName, receive, bytesMax: snapshotBytesMax };
    checkSnapshotMeta((await unpackArchive(body, wanted)).get(metaName) ?? "");
    incoming.finish();
    return incoming;
  } catch (error) {
    if (!(error instanceof OperatingError) || error.kind !== "invalid") throw error;
    throw new HttpError(500, `failed to read snapshot file: ${error.message}`);
  }
}

/** The agent is right about its node: what it has registered is not to be missing until the next minute. */
async function bringInStep({ resync, log }: Api): Promise<void> {
  try {
    await resync();
  } catch (error) {
    log.error("The catalog could not be brought in step after a snapshot; tried again within a minute", {
      error: messageOf(error),
    });
  }
}

function tooLarge(bytes: number): OperatingError {
  const message =
    `the snapshot has ${bytes} bytes, and at most ${snapshotBytesMax} can be restored. ` +
    "Delete keys that are not needed, or stop the agent and copy its data folder.";
  return new OperatingError("too-large", "snapshot-too-large", message);
}
