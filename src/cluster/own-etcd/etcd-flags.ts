import { isAtLeast, type Version } from "./etcd-program.ts";

/** The settings with which a server starts its etcd. */
export interface EtcdSettings {
  /** The node id of this server, which is the name of its member. */
  readonly id: string;
  /** The node ids of the first members, this server's included. etcd reads them only while it has no data. */
  readonly members: readonly string[];
  /** A text that no other cluster has, so that etcds of two clusters refuse each other. */
  readonly token: string;
  /** "new": the members begin together. "existing": the other members have taken this one in. */
  readonly state: "new" | "existing";
  /** Consul's performance.raft_multiplier: the election time in units of 500 ms. */
  readonly raftMultiplier: number;
}

/** The names of files in etcd's folder. */
export const dataFolder = "data";
/** The folder of raft's log: its existence shows that etcd has been a member. */
export const walFolder = "data/member/wal";
/** The data of an etcd that is a member no longer. */
export const asideFolder = "data-aside";
/** The socket of etcd's clients. etcd wants a port after a host; both together are the file's name. */
export const clientSocket = "cl:1";

/** The socket on which the main thread takes the links that come over the server's port. */
export const linkSocket = "links";

/** Returns the name of the socket on which a member's etcd is reached: its own one, or the tunnel to it. */
export function peerSocket(id: string): string {
  return `${id}:1`;
}

const heartbeatMs = 50;
const electionMs = 500;
const quotaBytes = 2 * 1024 * 1024 * 1024;
/** Entries of raft's log between two snapshots of etcd. With etcd's own 100,000, batches of 11 kB took 250 MiB of memory. */
const snapshotEntries = 1_000;
/** Entries of the log that etcd keeps in memory for slow members. etcd 3.4 keeps 5,000, which no flag changes. */
const catchUpEntries = 500;

/** Returns etcd's flags. The paths are relative to its folder, so no address and no folder's name gets into its data. */
export function etcdFlags(settings: EtcdSettings, version: Version): readonly string[] {
  const { id, members, token, state, raftMultiplier } = settings;
  const client = `unix://${clientSocket}`;
  const peer = `unix://${peerSocket(id)}`;
  return [
    ...[`--name=${id}`, `--data-dir=${dataFolder}`],
    ...[`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    `--initial-cluster=${members.map((member) => `${member}=unix://${peerSocket(member)}`).join(",")}`,
    ...[`--initial-cluster-token=${token}`, `--initial-cluster-state=${state}`],
    ...[`--heartbeat-interval=${heartbeatMs * raftMultiplier}`, `--election-timeout=${electionMs * raftMultiplier}`],
    ...[`--snapshot-count=${snapshotEntries}`, `--quota-backend-bytes=${quotaBytes}`],
    // A lone small batch writes 11 kB instead of 42, and the log of raft keeps what a killed etcd has not written.
    "--backend-batch-interval=3s",
    "--pre-vote=true",
    // Servers check by themselves that a change leaves a majority that is alive; see formation/. etcd's check refuses to take in a
    // server that replaces a dead one, and all changes for 5 s after a member's start.
    "--strict-reconfig-check=false",
    ...["--logger=zap", "--log-outputs=stderr", "--log-level=info"],
    ...flagsOf(version),
  ];
}

function flagsOf(version: Version): readonly string[] {
  // etcd 3.7 has only the names of 3.6.
  if (isAtLeast(version, [3, 6, 0]))
    return ["--feature-gates=InitialCorruptCheck=true", `--snapshot-catchup-entries=${catchUpEntries}`];
  const check = "--experimental-initial-corrupt-check=true";
  return isAtLeast(version, [3, 5, 0]) ? [check, `--experimental-snapshot-catchup-entries=${catchUpEntries}`] : [check];
}
