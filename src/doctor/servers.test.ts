import { expect, test } from "bun:test";
import type { ServerHealth } from "./server-health.ts";
import {
  clocksApart,
  laggingServers,
  noLeader,
  quorumAtRisk,
  unhealthyServers,
  versionsApart,
  wrongClocks,
} from "./servers.ts";

function server(name: string, more: Partial<ServerHealth>): ServerHealth {
  return {
    ...{ name, address: `${name}:8300`, isHealthy: true, isVoter: true, leads: false, index: 5_000 },
    ...{ lastContact: "1ms", clockAheadMs: 0, versions: { praetor: "0.1.0", etcd: "3.5.9" } },
    ...more,
  };
}

function member(name: string, status: string) {
  return { name, status, isServer: true, version: "1.8.7" };
}

const members = [member("gw", "alive"), member("b", "failed")];

test("servers without a leader are reported, with those that do not run", () => {
  const [finding] = noLeader({ agent: { nodeName: "gw", hasLeader: false }, members });
  expect(finding).toMatchObject({
    kind: "no-leader",
    where: "node gw",
    problem: expect.stringContaining(" b did not"),
  });
  expect(noLeader({ agent: { nodeName: "gw", hasLeader: true }, members })).toEqual([]);
});

test("servers that do not answer are reported, with what to do if one is gone for good", () => {
  const all = [server("gw", { leads: true }), server("b", { isHealthy: false, index: 0 }), server("c", {})];
  expect(unhealthyServers({ servers: { failureTolerance: 0, all } })).toMatchObject([
    { kind: "server-unhealthy", where: "server b at b:8300", advice: expect.stringContaining("-address=b:8300") },
  ]);
  expect(unhealthyServers({ servers: undefined })).toEqual([]);
});

test("a quorum that one more failure would lose is reported, with the server to bring back", () => {
  const all = [server("gw", { leads: true }), server("b", { isHealthy: false }), server("c", {})];
  expect(quorumAtRisk({ servers: { failureTolerance: 0, all } })).toMatchObject([
    {
      ...{ kind: "quorum-at-risk", where: "servers gw, b and c" },
      problem: "2 of 3 servers are healthy, and 2 must be: if one more fails, no write succeeds.",
      advice: expect.stringContaining("Bring b back"),
    },
  ]);
  expect(quorumAtRisk({ servers: { failureTolerance: 1, all } })).toEqual([]);
});

test("two servers are a quorum at risk, since none may fail, and one that stands alone is not", () => {
  const all = [server("gw", { leads: true }), server("b", {})];
  expect(quorumAtRisk({ servers: { failureTolerance: 0, all } })).toMatchObject([
    { advice: expect.stringContaining("Start another server") },
  ]);
  expect(quorumAtRisk({ servers: { failureTolerance: 0, all: all.slice(0, 1) } })).toEqual([]);
});

test("servers that are far behind are reported, unless they do not answer at all", () => {
  const all = [
    server("gw", { leads: true }),
    server("b", { index: 3_000 }),
    server("c", { index: 0, isHealthy: false }),
    server("d", { index: 4_700, isHealthy: false }),
  ];
  const servers = { failureTolerance: 1, all };
  expect(laggingServers({ servers })).toMatchObject([
    { where: "server b", problem: expect.stringContaining("2000 writes behind") },
    { where: "server d", problem: expect.stringContaining("300 writes behind") },
  ]);
  expect(unhealthyServers({ servers })).toMatchObject([{ where: "server c at c:8300" }]);
});

test("a clock that differs by more than a second is reported, and by more than ten seconds as wrong", () => {
  const clocks = (...aheadMs: readonly (number | undefined)[]) => {
    const all = aheadMs.map((clockAheadMs, at) => server(`s${at + 1}`, { clockAheadMs }));
    const servers = { failureTolerance: 1, all };
    return [wrongClocks({ servers }), clocksApart({ servers })].map((findings) =>
      findings.map(({ where, problem }) => `${where}: ${problem.split(/[,:]/)[0]}`),
    );
  };
  expect(clocks(0, 1_000, -900)).toEqual([[], []]);
  expect(clocks(0, 1_500, 0)).toEqual([[], ["server s2: Its clock is 1.5 s ahead of that of s3"]]);
  expect(clocks(0, -12_340, 10)).toEqual([["server s2: Its clock is 12.3 s behind that of s1"], []]);
  // The leader, with which the others are compared, can be the one that is wrong.
  expect(clocks(0, 60_000, 60_000)).toEqual([["server s1: Its clock is 60.0 s behind that of s2"], []]);
  expect(clocks(0, undefined, undefined)).toEqual([[], []]);
});

test("different versions of Praetor or etcd are reported, each with its servers", () => {
  const found = (...versions: readonly ServerHealth["versions"][]) => {
    const all = versions.map((each, at) => server(`s${at + 1}`, { versions: each }));
    return versionsApart({ servers: { failureTolerance: 1, all } }).map(({ problem }) => problem);
  };
  const now = { praetor: "0.2.0", etcd: "3.5.9" };
  expect(found(now, now, now)).toEqual([]);
  expect(found({ ...now, praetor: "0.1.0" }, now, now)).toEqual([
    "They run different versions of Praetor: 0.1.0 on s1, 0.2.0 on s2 and s3.",
  ]);
  expect(found(now, { ...now, etcd: "3.4.30" })).toEqual([
    "They run different versions of etcd: 3.5.9 on s1, 3.4.30 on s2.",
  ]);
  expect(found(now, undefined)).toEqual([
    "They run different versions of Praetor: 0.2.0 on s1, an older version on s2.",
  ]);
  expect(found({ ...now, etcd: "" }, { ...now, etcd: "" })).toEqual([]);
  // Servers of Consul tell no version.
  expect(found(undefined, undefined)).toEqual([]);
});
