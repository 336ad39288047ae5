import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { within } from "../../test/support/within.ts";
import type { CheckDefinition, CheckMethod } from "../model/check.ts";
import type { AliasSource } from "./alias.ts";
import type { CheckResult } from "./check-runner.ts";
import { startCheck, type StartedCheck } from "./start-check.ts";

let silentServer: Server;
let port: number;

beforeAll(async () => {
  silentServer = createServer((socket) => socket.on("error", () => {}));
  silentServer.listen(0, "127.0.0.1");
  await once(silentServer, "listening");
  port = (silentServer.address() as AddressInfo).port; // address() is a string only for a Unix socket
});
afterAll(() => void silentServer.close());

function httpMethod(url: string): CheckMethod {
  return { kind: "http", url, method: "", headers: {}, body: "", tlsSkipVerify: false, ...times };
}

const times = { intervalMs: 10_000, timeoutMs: 60_000 };

/** Returns one check method of each kind. No run of such a check ends by itself during the test. */
function methods(): CheckMethod[] {
  const target = `127.0.0.1:${port}`;
  const noTls = { useTls: false, tlsSkipVerify: false };
  return [
    httpMethod(`http://${target}/`),
    { kind: "tcp", address: target, ...times },
    { kind: "ttl", ttlMs: 10_000 },
    { kind: "script", args: ["sleep", "1000"], ...times },
    { kind: "docker", container: "none", args: ["true"], ...times },
    { kind: "grpc", target, ...noTls, ...times },
    { kind: "alias", node: "", service: "other" },
  ];
}

interface Trial {
  readonly clock: FakeClock;
  readonly results: CheckResult[];
  readonly started: StartedCheck;
  readonly isWatching: () => boolean;
}

function begin(method: CheckMethod, change: Partial<CheckDefinition> = {}): Trial {
  const clock = new FakeClock();
  const results: CheckResult[] = [];
  let watching = false;
  const aliasSource: AliasSource = {
    watch: (_target, onChange) => {
      watching = true;
      clock.schedule(1, () => onChange([]));
      return { stop: () => (watching = false) };
    },
  };
  const definition: CheckDefinition = {
    id: "check",
    name: "check",
    notes: "",
    serviceId: "",
    initialStatus: "critical",
    method,
    successBeforePassing: 3,
    failuresBeforeCritical: 3,
    deregisterCriticalServiceAfterMs: 0,
    outputBytesMax: 4096,
    ...change,
  };
  const platform = { clock, random: { uniform: () => 0, uuid: () => "" } };
  const report = (result: CheckResult): void => void results.push(result);
  return {
    clock,
    results,
    started: startCheck(definition, { platform, report, aliasSource }),
    isWatching: () => watching,
  };
}

test("a check of any kind reports nothing before its start returns or after its stop, and leaves no timer", async () => {
  for (const method of methods()) {
    const { clock, results, started, isWatching } = begin(method);
    expect([method.kind, results.length]).toEqual([method.kind, 0]);
    if (method.kind !== "alias") await clock.advance(1);
    const before = results.length;
    started.stop();
    started.stop();
    await clock.advance(100_000);
    expect([method.kind, results.length - before, clock.timerCount]).toEqual([method.kind, 0, 0]);
    expect(isWatching()).toBe(false);
  }
});

test("startCheck returns an update function for TTL checks only, and no threshold delays an update", () => {
  for (const method of methods()) {
    const { started, results } = begin(method);
    expect([method.kind, started.update !== undefined]).toEqual([method.kind, method.kind === "ttl"]);
    started.update?.({ status: "passing", output: "a" });
    started.update?.({ status: "critical", output: "b" });
    if (method.kind === "ttl") expect(results.map(({ status }) => status)).toEqual(["passing", "critical"]);
    started.stop();
  }
});

test("the thresholds of a definition apply to a check that the agent runs", async () => {
  const codes = [200, 500, 500, 500, 200];
  const reportedBefore: number[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      reportedBefore.push(results.length);
      return new Response("", { status: codes[reportedBefore.length - 1] ?? 500 });
    },
  });
  const { clock, results, started } = begin(httpMethod(`http://127.0.0.1:${server.port}/`));
  await within(5_000, async () => {
    await clock.advance(times.intervalMs);
    expect(reportedBefore.length).toBeGreaterThanOrEqual(codes.length);
  });
  started.stop();
  await server.stop(true);
  expect(reportedBefore.slice(0, codes.length)).toEqual([0, 1, 1, 1, 2]);
});
