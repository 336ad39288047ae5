import { expect, test } from "bun:test";
import { etcdFlags } from "./etcd-flags.ts";
import type { Version } from "./etcd-program.ts";

const settings = { id: "n1", members: ["n1", "n2"], token: "t", state: "new", raftMultiplier: 2 } as const;

test("etcd listens on unix sockets only, and its data names members, not addresses", () => {
  const flags = etcdFlags(settings, [3, 4, 23]);
  const urls = flags.flatMap((flag) => flag.match(/(?<==|,)[^=,]*:\/\/[^,]*/g) ?? []);
  expect([...new Set(urls)].toSorted()).toEqual(["unix://cl:1", "unix://n1:1", "unix://n2:1"]);
  expect(flags).toContain("--initial-cluster=n1=unix://n1:1,n2=unix://n2:1");
});

test("raft_multiplier scales the times of heartbeats and elections", () => {
  const times = (raftMultiplier: number) =>
    etcdFlags({ ...settings, raftMultiplier }, [3, 4, 23]).filter((flag) => /heartbeat|election/.test(flag));
  expect(times(1)).toEqual(["--heartbeat-interval=50", "--election-timeout=500"]);
  expect(times(5)).toEqual(["--heartbeat-interval=250", "--election-timeout=2500"]);
});

const check = "--experimental-initial-corrupt-check=true";
for (const [version, expected] of [
  [[3, 4, 23], [check]],
  [
    [3, 5, 3],
    [check, "--experimental-snapshot-catchup-entries=500"],
  ],
  [
    [3, 6, 0],
    ["--feature-gates=InitialCorruptCheck=true", "--snapshot-catchup-entries=500"],
  ],
  [
    [3, 7, 0],
    ["--feature-gates=InitialCorruptCheck=true", "--snapshot-catchup-entries=500"],
  ],
] as readonly (readonly [Version, readonly string[]])[])
  test(`etcd ${version.join(".")} checks its data at its start, by the names of flags that it knows`, () => {
    const flags = etcdFlags(settings, version);
    expect(flags.filter((flag) => /catchup|experimental|feature/.test(flag))).toEqual([...expected]);
  });
