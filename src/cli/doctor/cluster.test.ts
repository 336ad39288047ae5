import { expect, test } from "bun:test";
import { laggingServers, noLeader, unhealthyServers } from "./cluster.ts";
import type { ServerFacts } from "./facts.ts";

function server(name: string, more: Partial<ServerFacts>): ServerFacts {
  return { name, address: `${name}:8300`, isHealthy: true, isVoter: true, leads: false, index: 5_000, ...more };
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

test("servers that do not answer are reported, with a warning when one more failure would stop all writes", () => {
  const all = [server("gw", { leads: true }), server("b", { isHealthy: false }), server("c", {})];
  const [risky, ...others] = unhealthyServers({ servers: { failureTolerance: 0, all } });
  expect(risky).toMatchObject({ kind: "server-unhealthy", where: "server b at b:8300" });
  expect(risky?.problem).toContain("one more server");
  expect(others).toEqual([]);
  const [safe] = unhealthyServers({ servers: { failureTolerance: 1, all } });
  expect(safe?.problem).not.toContain("one more server");
  expect(unhealthyServers({ servers: undefined })).toEqual([]);
});

test("servers that are far behind are reported, unless they do not answer at all", () => {
  const all = [
    server("gw", { leads: true }),
    server("b", { index: 3_000 }),
    server("c", { index: 0, isHealthy: false }),
  ];
  const findings = laggingServers({ servers: { failureTolerance: 1, all } });
  expect(findings).toMatchObject([{ where: "server b", problem: expect.stringContaining("2000 writes behind") }]);
});
