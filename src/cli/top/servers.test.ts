import { expect, test } from "bun:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import type { ServerHealth, ServersHealth } from "../../doctor/server-health.ts";
import { withServers } from "./render.ts";
import { followServers, isAtRisk, serverLines } from "./servers.ts";

function server(name: string, more: Partial<ServerHealth> = {}): ServerHealth {
  return {
    ...{ name, address: `${name}:8300`, isHealthy: true, isVoter: true, leads: false, index: 100 },
    ...{ lastContact: "3ms", clockAheadMs: 0, versions: undefined },
    ...more,
  };
}

const size = { columns: 80, rows: 24 };
const well: ServersHealth = {
  failureTolerance: 1,
  all: [server("gw1", { leads: true }), server("gw2", { index: 93 }), server("gw3", { isVoter: false })],
};
const risky: ServersHealth = {
  failureTolerance: 0,
  all: [
    server("gw1", { leads: true }),
    server("gw2"),
    server("gw3", { isHealthy: false, index: 0, lastContact: "never" }),
  ],
};

test("praetor top shows each server's role, how far it is behind, and how long it is silent", () => {
  expect(serverLines(well, size)).toEqual([
    "3 of 3 servers are healthy, and 1 may fail.",
    "HEALTH   SERVER  ROLE         WRITES    CONTACT        ADDRESS",
    "healthy  gw1     leader       0 behind                 gw1:8300",
    "healthy  gw2     follower     7 behind  heard 3ms ago  gw2:8300",
    "healthy  gw3     no vote yet  0 behind  heard 3ms ago  gw3:8300",
  ]);
});

test("praetor top says that the quorum is at risk, and which server is away", () => {
  const lines = serverLines(risky, size);
  expect(lines[0]).toBe(
    "QUORUM AT RISK: 2 of 3 servers are healthy, and 2 must be: if one more fails, no write succeeds.",
  );
  expect(lines[4]).toBe("UNHEALTHY  gw3     follower            heard no more  gw3:8300");
  expect([isAtRisk(risky), isAtRisk(well), isAtRisk(undefined)]).toEqual([true, false, false]);
});

test("praetor top leaves the services room on a small screen, and shows nothing of one server", () => {
  expect(serverLines(well, { columns: 80, rows: 12 })).toHaveLength(1);
  expect(serverLines(well, { columns: 80, rows: 6 })).toEqual([]);
  expect(serverLines(undefined, size)).toEqual([]);
});

test("praetor top shows the servers below the heading, no line wider than the screen", () => {
  const shown = { hasColours: true, heading: { url: "", trouble: "", answeredMs: 0 } };
  const lines = serverLines(risky, { columns: 20, rows: 24 });
  const screen = withServers(["heading", "titles", "row"], { lines, isAtRisk: true, columns: 20 }, shown);
  expect([screen[0], ...screen.slice(-2)]).toEqual(["heading", "titles", "row"]);
  expect(screen).toHaveLength(8);
  expect(screen.filter((line) => Bun.stringWidth(line) > 20)).toEqual([]);
  expect(withServers(["heading", "titles"], { lines: [], isAtRisk: false, columns: 20 }, shown)).toHaveLength(2);
});

test.each([
  [200, 1, 2],
  [429, 3, 31],
  [500, 0, 2],
])("with the status %i and %i servers the agent is asked %i times in a minute", async (status, servers, times) => {
  const clock = new FakeClock();
  let asked = 0;
  const api = {
    async request() {
      asked += 1;
      const body = JSON.stringify({
        FailureTolerance: 0,
        Servers: Array.from({ length: servers }, () => ({ Name: "s" })),
      });
      return { status, headers: new Headers(), body: new TextEncoder().encode(body) };
    },
  };
  const ended = new AbortController();
  const seen = new Set<number | undefined>();
  const onServers = (health: ServersHealth | undefined): void => void seen.add(health?.all.length);
  const following = followServers({ api, clock, signal: ended.signal, onServers });
  await clock.advance(0);
  await clock.advance(60_000);
  ended.abort();
  await following;
  expect([asked, ...seen]).toEqual([times, servers > 1 ? servers : undefined]);
  expect(clock.timerCount).toBe(0);
});
