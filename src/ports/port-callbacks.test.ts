import { afterEach, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { recordOf } from "../../test/support/port-record.ts";
import { within } from "../../test/support/within.ts";
import { createLog } from "../lib/log.ts";
import { thisMachine } from "./machine.ts";
import { PortCallbacks, type CallbackTarget } from "./port-callbacks.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Starts a service that records the requests it receives. */
async function startService(statusOf: (call: number) => number | "hang" | "flood"): Promise<{
  readonly target: CallbackTarget;
  readonly heard: string[];
}> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      heard.push(`${request.method} ${request.url} ${body}`);
      const status = statusOf(heard.length);
      if (status === "hang") return;
      response.statusCode = status === "flood" ? 200 : status;
      if (status === "flood") pour(response);
      else response.end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { heard, target: { method: "POST", url: `http://127.0.0.1:${port}/changed` } };
}

function pour(response: { write(chunk: Buffer): boolean; on(event: "drain", again: () => void): unknown }): void {
  const chunk = Buffer.alloc(64 * 1024);
  const more = (): void => {
    while (response.write(chunk));
  };
  response.on("drain", more);
  more();
}

function openCallbacks() {
  const clock = new FakeClock();
  const log: string[] = [];
  const sink = (line: string): void => void log.push(line);
  const options = { clock, log: createLog({ level: "info", json: false, clock, sink }, "ports"), machine: thisMachine };
  const callbacks = new PortCallbacks(options);
  return { callbacks, clock, log };
}

const soonMs = 5_000;
const heardOnce = (heard: readonly string[]) => within(soonMs, async () => expect(heard).not.toEqual([]));
const said = (log: readonly string[], text: string) =>
  within(soonMs, async () => expect(log.join("\n")).toContain(text));

describe("a service with a callback", () => {
  test("is sent its port record once for each change", async () => {
    const { callbacks, log, clock } = openCallbacks();
    const { target, heard } = await startService(() => 204);
    const record = recordOf();
    callbacks.tell(record, target);
    callbacks.tell(record, target);
    await said(log, "Told the service its new port");
    callbacks.tell(record, target);
    expect(heard).toEqual([`POST /changed ${JSON.stringify(record)}`]);
    expect(clock.timerCount).toBe(0);
  });

  test("is called again after a failed call, for about three minutes", async () => {
    const { callbacks, clock, log } = openCallbacks();
    const { target, heard } = await startService((call) => (call < 3 ? 500 : 200));
    callbacks.tell(recordOf(), target);
    await within(soonMs, async () => {
      await clock.advance(1_000);
      expect(log.join("\n")).toContain("Told the service");
    });
    // The clock may have passed the timeout of a request under way, which was then sent again.
    expect(heard.length).toBeGreaterThanOrEqual(3);

    const failing = await startService(() => 503);
    callbacks.tell(recordOf({ service: "failing" }), failing.target);
    await within(soonMs, async () => {
      await clock.advance(60_000);
      expect(log.join("\n")).toContain("Cannot tell the service its new port: service=failing");
    });
    expect(failing.heard.length).toBeWithin(1, 11);
    expect(clock.timerCount).toBe(0);
  });

  test("does not delay calls to other services if it hangs or sends an endless answer", async () => {
    const { callbacks, clock, log } = openCallbacks();
    const hanging = await startService(() => "hang");
    const flooding = await startService(() => "flood");
    const other = await startService(() => 200);
    callbacks.tell(recordOf({ service: "hanging" }), hanging.target);
    callbacks.tell(recordOf({ service: "flooding" }), flooding.target);
    callbacks.tell(recordOf({ service: "other" }), other.target);
    await said(log, "service=other");
    await said(log, "service=flooding");
    await heardOnce(hanging.heard);
    await clock.advance(3_000);
    await within(soonMs, async () => {
      await clock.advance(1_000);
      expect(hanging.heard.length).toBeGreaterThan(1);
    });
    callbacks.stop();
    await within(soonMs, async () => expect(clock.timerCount).toBe(0));
  });

  test("is not called again after the method `forget` has dropped its retries", async () => {
    const { callbacks, clock } = openCallbacks();
    const { target, heard } = await startService(() => 500);
    callbacks.tell(recordOf(), target);
    await heardOnce(heard);
    callbacks.forget("web");
    await within(soonMs, async () => expect(clock.timerCount).toBe(0));
    await clock.advance(600_000);
    expect(heard).toHaveLength(1);
  });
});
