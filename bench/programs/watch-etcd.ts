/**
 * Opens watchers of one key of etcd, each on a connection of its own, and makes the writes that wake them. Prints, for each write,
 * the milliseconds from the write to each watcher's event.
 */
import { PutRequestSchema, WatchRequestSchema } from "../../src/engine/etcd/generated/etcd_pb.ts";
import { grpcCall, opening } from "../lib/grpc-octets.ts";
import { WatcherConnections } from "../lib/watchers.ts";

export interface WatchEtcdTask {
  readonly port: number;
  readonly count: number;
  /** The number of writes. */
  readonly rounds: number;
}

const { port, count, rounds }: WatchEtcdTask = JSON.parse(process.argv[2] ?? "");
const key = Buffer.from("bench/watched");
const withinMs = 20_000;

const connections = new WatcherConnections(port, count, "HTTP/2");
const watch = { path: "/etcdserverpb.Watch/Watch", schema: WatchRequestSchema };
const request = { requestUnion: { case: "createRequest", value: { key } } } as const;
const asked = Buffer.concat([opening, grpcCall({ ...watch, message: request }, { stream: 1, isOpen: true })]);
connections.ask(() => asked);
for (let waitedMs = 0; connections.waiting > 0; waitedMs += 100) {
  if (waitedMs > withinMs) throw new Error(`etcd has not answered ${connections.waiting} watchers`);
  await Bun.sleep(100);
}
const times = Array.from({ length: rounds }, (_none, round) => wakeAll(round));
console.log(JSON.stringify(times));
connections.close();
process.exit();

function wakeAll(round: number): readonly number[] {
  // Forgets the last events.
  connections.ask(() => Buffer.alloc(0));
  Bun.sleepSync(300 + count / 10);
  if (connections.waiting !== count) throw new Error("a watcher got an event although nothing had changed");
  const put = { path: "/etcdserverpb.KV/Put", schema: PutRequestSchema };
  const message = { key, value: Buffer.from(`round ${round}`) };
  const write = grpcCall({ ...put, message }, { stream: 1 + 2 * round });
  return connections.wake(round === 0 ? Buffer.concat([opening, write]) : write, withinMs);
}
