import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Node } from "../model/node.ts";
import type { Registry } from "../registry/registry.ts";
import { IncomingSnapshot, takeSnapshot } from "../registry/snapshot.ts";
import { encodeSnapshotMeta, validateSnapshotMeta } from "../wire/snapshot-meta.ts";
import { snapshotBytesMax } from "./limits.ts";

/* The archive of a snapshot: a gzipped tar of meta.json, state.bin and their hashes. */

const metaName = "meta.json";
const stateName = "state.bin";

export interface PackParts {
  readonly clock: Clock;
  /** This agent's node, and the address of its server's port. */
  readonly node: Pick<Node, "id">;
  readonly address: string;
}

export interface PackedSnapshot {
  readonly index: number;
  readonly archive: ReadableStream<Uint8Array>;
}

/**
 * Takes a snapshot. The archive is generated as its reader pulls it.
 * @throws OperatingError forbidden; too-large if the state could not be restored
 */
export async function packSnapshot(registry: Registry, { clock, node, address }: PackParts): Promise<PackedSnapshot> {
  // The module is loaded on first use, since most agents never take a snapshot.
  const { measureFile, packArchive } = await import("../lib/checked-archive.ts");
  const snapshot = takeSnapshot(registry);
  const { index } = snapshot;
  const state = await measureFile(stateName, () => snapshot.blocks());
  if (state.bytes > snapshotBytesMax) throw tooLarge(state.bytes);
  const takenMs = clock.wallMs();
  const text = encodeSnapshotMeta({
    ...{ index, takenMs, bytes: state.bytes, serverId: node.id, serverAddress: address },
  });
  const meta = await measureFile(metaName, () => [Buffer.from(text)]);
  return { index, archive: packArchive([meta, state], new Date(takenMs)) };
}

/**
 * Decodes a snapshot, verifies its hashes, and does not change the store.
 * @throws OperatingError invalid for every fault of a snapshot
 */
export async function unpackSnapshot(
  registry: Registry,
  archive: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<IncomingSnapshot> {
  const incoming = new IncomingSnapshot(registry);
  const { unpackArchive } = await import("../lib/checked-archive.ts");
  const receive = (block: Uint8Array): void => incoming.add(block);
  const wanted = { texts: [metaName], streamed: stateName, receive, bytesMax: snapshotBytesMax };
  validateSnapshotMeta((await unpackArchive(archive, wanted)).get(metaName) ?? "");
  incoming.finish();
  return incoming;
}

export function tooLarge(bytes: number): OperatingError {
  const message =
    `the snapshot has ${bytes} bytes, and at most ${snapshotBytesMax} can be restored. ` +
    "Delete keys that are not needed, or stop the agent and copy its data folder.";
  return new OperatingError("too-large", "snapshot-too-large", message);
}
