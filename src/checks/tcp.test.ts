import { afterAll, beforeAll, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server } from "node:net";
import { CheckTrial, firstResult } from "../../test/support/check-trial.ts";
import { openUnacceptingPort } from "../../test/support/unaccepting-port.ts";
import type { CheckResult } from "./check-runner.ts";
import { startTcpCheck } from "./tcp.ts";

let server: Server;
let port: number;

async function listen(host: string): Promise<Server> {
  const opened = createServer((socket) => socket.destroy());
  opened.listen(0, host);
  await once(opened, "listening");
  return opened;
}

function portOf(opened: Server): number {
  return (opened.address() as AddressInfo).port; // address() is a string only for a Unix socket
}

beforeAll(async () => {
  server = await listen("127.0.0.1");
  port = portOf(server);
});
afterAll(() => void server.close());

function check(address: string): Promise<CheckResult> {
  return firstResult((options) => startTcpCheck({ kind: "tcp", address, intervalMs: 10_000, timeoutMs: 0 }, options));
}

async function closedPort(): Promise<number> {
  const closed = await listen("127.0.0.1");
  const free = portOf(closed);
  closed.close();
  await once(closed, "close");
  return free;
}

test("a TCP check that can connect is passing", async () => {
  const address = `127.0.0.1:${port}`;
  expect(await check(address)).toEqual({ status: "passing", output: `TCP connect ${address}: Success` });
});

test("a TCP check of localhost reaches a service on either loopback address", async () => {
  const onV6 = await listen("::1");
  const addresses = [`localhost:${port}`, `localhost:${portOf(onV6)}`, `[::1]:${portOf(onV6)}`];
  for (const address of addresses) {
    expect(await check(address)).toEqual({ status: "passing", output: `TCP connect ${address}: Success` });
  }
  onV6.close();
});

test("the output of a TCP check has the address and the reason when the connection is refused", async () => {
  const free = await closedPort();
  const refused = `dial tcp 127.0.0.1:${free}: connect: connection refused`;
  expect(await check(`127.0.0.1:${free}`)).toEqual({ status: "critical", output: refused });
  expect((await check(`localhost:${free}`)).output).toBe(refused);
  expect((await check(`[::1]:${free}`)).output).toBe(`dial tcp [::1]:${free}: connect: connection refused`);
});

test("the output of a TCP check has the reason when the host name does not resolve", async () => {
  const { status, output } = await check("no-such-name.invalid:80");
  expect(status).toBe("critical");
  expect(output).toMatch(
    /^dial tcp: lookup no-such-name\.invalid: (no such host|Temporary failure in name resolution)$/,
  );
});

test("the output of a TCP check has Go's error text when the address is malformed", async () => {
  expect((await check("127.0.0.1")).output).toBe("dial tcp: address 127.0.0.1: missing port in address");
  expect((await check("127.0.0.1:zzz")).output).toBe("dial tcp: address tcp/zzz: unknown port");
});

test("a TCP check of an address that does not answer times out, and the next run tries again", async () => {
  const silent = await openUnacceptingPort();
  const address = `127.0.0.1:${silent.port}`;
  const trial = new CheckTrial((options) =>
    startTcpCheck({ kind: "tcp", address, intervalMs: 10_000, timeoutMs: 500 }, options),
  );
  const timedOut: CheckResult = { status: "critical", output: `dial tcp ${address}: i/o timeout` };
  await trial.startRun();
  await trial.clock.advance(10_500);
  expect(trial.results).toEqual([timedOut, timedOut]);
  trial.runner.stop();
  expect(trial.clock.timerCount).toBe(0);
  silent.close();
});

test("stopping a TCP check aborts a connection attempt under way", async () => {
  const silent = await openUnacceptingPort();
  const trial = new CheckTrial((options) =>
    startTcpCheck({ kind: "tcp", address: `127.0.0.1:${silent.port}`, intervalMs: 10_000, timeoutMs: 60_000 }, options),
  );
  await trial.startRun();
  trial.runner.stop();
  await trial.clock.advance(100_000);
  expect([trial.results.length, trial.clock.timerCount]).toEqual([0, 0]);
  silent.close();
});
