import { OperatingError } from "../lib/errors.ts";

/** The content of a snapshot's meta.json, in the format of hashicorp/raft, which Consul's command line reads. */
export interface SnapshotMeta {
  readonly index: number;
  /** When the snapshot was taken, in milliseconds since 1970. */
  readonly takenMs: number;
  /** Length of the snapshot's file state.bin, in bytes. */
  readonly bytes: number;
  readonly serverId: string;
  /** Address of the server that took the snapshot: host:port. */
  readonly serverAddress: string;
}

/** Version of the format of meta.json; other versions are refused. */
const version = 1;
/** The Raft term, which is 1 because a single server is elected only once. */
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

/** Encodes a list of one address in MessagePack, as hashicorp/raft does. */
function encodePeers(address: string): string {
  const text = Buffer.from(address);
  const head = text.length < 32 ? [0xa0 | text.length] : [0xda, text.length >> 8, text.length & 0xff];
  return Buffer.concat([Buffer.from([0x91, ...head]), text]).toString("base64");
}

/** Validates the text of a meta.json. @throws OperatingError invalid when it is malformed or has another version */
export function validateSnapshotMeta(text: string): void {
  const message = `meta.json is damaged or not of version ${version}. Nothing was changed; use another copy.`;
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
