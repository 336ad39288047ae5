import { expect, test } from "bun:test";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { arrived } from "../../test/support/arrived.ts";
import { CheckTrial } from "../../test/support/check-trial.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { openUnacceptingPort } from "../../test/support/unaccepting-port.ts";
import { within } from "../../test/support/within.ts";
import { Dial } from "./dial.ts";
import { startTcpCheck } from "./tcp.ts";

async function listen(port: number, host: string): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).resume());
  server.listen(port, host);
  await once(server, "listening");
  return server;
}

/** Counts this machine's pending connections to `port`: Linux's socket state 2, SYN_SENT. */
function connectionsBeingMade(port: number): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")} 02 `;
  return readFileSync("/proc/net/tcp", "utf8").split(remote).length - 1;
}

test("when a host's first address does not answer, its next address is tried, and the first attempt is cancelled", async () => {
  const silent = await openUnacceptingPort();
  const server = await listen(silent.port, "::1");
  const clock = new FakeClock();
  const accepted = once(server, "connection");
  const opened = Promise.withResolvers<void>();
  const events = { onOpen: () => opened.resolve(), onRefused: opened.reject };
  const dial = new Dial({ host: "localhost", port: silent.port }, { clock, events });
  dial.start();
  await clock.advance(0);
  await clock.advance(299);
  expect([dial.waitsFor, dial.preferred.host]).toEqual(["connection", "127.0.0.1"]);
  await clock.advance(1);
  await Promise.all([opened.promise, accepted]);
  expect([dial.waitsFor, clock.timerCount]).toEqual(["nothing", 0]);
  dial.close();
  server.close();
  silent.close();
});

test("a TCP check of a silent address leaves one connection attempt pending, and passes once the address answers", async () => {
  const silent = await openUnacceptingPort();
  const method = { kind: "tcp", address: `127.0.0.1:${silent.port}`, intervalMs: 10_000, timeoutMs: 500 } as const;
  const trial = new CheckTrial((options) => startTcpCheck(method, options));
  await trial.startRun();
  for (let run = 0; run < 10; run += 1) {
    await arrived(); // the run opens its real connections while the test's clock does not advance
    await trial.clock.advance(method.timeoutMs);
    await trial.clock.advance(method.intervalMs - method.timeoutMs);
  }
  await trial.clock.advance(method.timeoutMs);
  expect(trial.results.map(({ output }) => output)).toEqual(Array(11).fill(`dial tcp ${method.address}: i/o timeout`));
  await within(2_000, async () => expect(connectionsBeingMade(silent.port)).toBe(1));
  silent.close();
  const server = await listen(silent.port, "127.0.0.1");
  trial.results.length = 0;
  await trial.clock.advance(method.intervalMs - method.timeoutMs);
  expect((await trial.result()).status).toBe("passing");
  trial.runner.stop();
  server.close();
});
