import { expect, test } from "bun:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { createLog } from "../../lib/log.ts";
import { EtcdLog } from "./etcd-log.ts";

function open() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = createLog({ level: "trace", json: false, clock, sink: (line) => void lines.push(line) }, "server");
  return { clock, etcd: new EtcdLog(log, clock), lines: () => lines.map((line) => line.slice(line.indexOf("["))) };
}

const line = (level: string, msg: string, more: object = {}): string =>
  JSON.stringify({ level, ts: "2026-11-30T01:57:05.646Z", caller: "rafthttp/stream.go:193", msg, ...more });

test("etcd's lines get the level that they have for a server, and keep their fields", () => {
  const { etcd, lines } = open();
  etcd.add(line("info", "added member", { "remote-peer-id": "9c4f", took: 0.5 }));
  etcd.add(line("warn", "established connection", { "stream-type": "stream Message" }));
  etcd.add(line("error", "cannot save", { error: "no space left on device" }));
  etcd.add(line("fatal", "failed to purge wal file"));
  expect(lines()).toEqual([
    "[DEBUG] server: etcd: added member: remote-peer-id=9c4f took=0.5",
    '[INFO]  server: etcd: established connection: stream-type="stream Message"',
    '[WARN]  server: etcd: cannot save: error="no space left on device"',
    "[ERROR] server: etcd: failed to purge wal file",
  ]);
});

test("the keys in etcd's requests are not logged, and long texts are cut", () => {
  const { etcd, lines } = open();
  etcd.add(line("warn", "apply request took too long", { request: "key:secret", response: "x", prefix: "read-only" }));
  etcd.add(line("warn", "long", { error: "y".repeat(1_000) }));
  expect(lines()).toEqual([
    "[INFO]  server: etcd: apply request took too long",
    `[INFO]  server: etcd: long: error=${"y".repeat(200)}...`,
  ]);
});

test("a line that etcd repeats is logged once a minute", async () => {
  const { etcd, lines, clock } = open();
  for (let n = 0; n < 100; n += 1) etcd.add(line("warn", "prober detected unhealthy status", { rtt: n }));
  expect(lines()).toHaveLength(1);
  await clock.advance(60_000);
  etcd.add(line("warn", "prober detected unhealthy status"));
  expect(lines()).toHaveLength(2);
});

test("a crash of etcd is one line, and the reason why it has ended", () => {
  const { etcd, lines } = open();
  for (const text of ["panic: page 4 already freed", "", "goroutine 1 [running]:", "main.main()"]) etcd.add(text);
  expect(lines()).toEqual(["[INFO]  server: etcd: panic: page 4 already freed"]);
  expect(etcd.takeReason()).toBe("panic: page 4 already freed");
  etcd.add(line("fatal", "discovery failed", { error: "member 12 has already been bootstrapped" }));
  expect(etcd.takeReason()).toBe("discovery failed: member 12 has already been bootstrapped");
  expect(etcd.takeReason()).toBeUndefined();
});
