import { OperatingError } from "../lib/errors.ts";

/** What meta.json says of a snapshot: Raft's words, which the command line of Consul reads and shows. */
export interface SnapshotMeta {
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly takenMs: number;
  /** Of state.bin. */
  readonly bytes: number;
  readonly serverId: string;
  /** host:port */
  readonly serverAddress: string;
}

/** Of Raft's snapshots, and the only one that is read. */
const version = 1;
/** A server that is alone is elected once. */
const term = 1;

export function encodeSnapshotMeta(meta: SnapshotMeta): string {
  const { index, takenMs, bytes, serverId, serverAddress } = meta;
  return JSON.stringify({
    Version: version,
    ID: `${term}-${index}-${takenMs}`,
    Index: index,
    Term: term,
    Peers: encodePeers(serverAddress),
    Configuration: { Servers: [{ Suffrage: 0, ID: serverId, Address: serverAddress }] },
    ConfigurationIndex: 1,
    Size: bytes,
  });
}

/** A list of one raw text in MessagePack, as Raft keeps addresses. */
function encodePeers(address: string): string {
  const text = Buffer.from(address);
  const head = text.length < 32 ? [0xa0 | text.length] : [0xda, text.length >> 8, text.length & 0xff];
  return Buffer.concat([Buffer.from([0x91, ...head]), text]).toString("base64");
}

/** @throws OperatingError invalid when it is no meta.json, or of another version */
export function checkSnapshotMeta(text: string): void {
  const message = `meta.json is not one of version ${version}. Nothing was changed; use another copy.`;
  if (versionOf(text) !== version) throw new OperatingError("invalid", "snapshot-meta", message);
}

function versionOf(text: string): unknown {
  try {
    const meta: unknown = JSON.parse(text);
    return typeof meta === "object" && meta !== null && "Version" in meta ? meta.Version : undefined;
  } catch {
    return undefined;
  }
}
