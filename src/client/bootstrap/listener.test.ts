import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { freePorts } from "../../../test/support/free-ports.ts";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { type Listen, Listener } from "./listener.ts";

const servers: Server[] = [];
const said: string[] = [];
const clock = new FakeClock();
afterEach(() => {
  said.length = 0;
  for (const server of servers.splice(0)) server.close();
});

function listenerOf(open: Listen): Listener {
  const say = (line: string): void => void said.push(line);
  return new Listener({ listen: open, clock, log: { debug: say, info: say, warn: say, error: say } });
}

async function listen(port: number): Promise<() => void> {
  const server = createServer((_request, response) => response.end("pong"));
  servers.push(server);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return () => void server.close();
}

const notAsked = (): Promise<number> => Promise.reject(new Error("not asked"));

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}

async function threePorts(): Promise<[number, number, number]> {
  const [first = 0, second = 0, third = 0] = await freePorts(3);
  return [first, second, third];
}

describe("Listener.open", () => {
  test("opens the wanted port without requesting an assigned port", async () => {
    const [port] = await threePorts();
    expect(await listenerOf(listen).open(port, notAsked)).toBe(port);
    expect(await answers(port)).toBe(true);
  });

  test("requests an assigned port once if the wanted port is taken", async () => {
    const [taken, assigned] = await threePorts();
    await listen(taken);
    expect(await listenerOf(listen).open(taken, () => Promise.resolve(assigned))).toBe(assigned);
    expect(await answers(assigned)).toBe(true);
  });

  test("recognizes a taken port by the error of Bun.serve, too", async () => {
    const [taken, assigned] = await threePorts();
    await listen(taken);
    const listener = listenerOf((port) => {
      const server = Bun.serve({ port, hostname: "127.0.0.1", reusePort: false, fetch: () => new Response("pong") });
      return () => server.stop(true);
    });
    expect(await listener.open(taken, () => Promise.resolve(assigned))).toBe(assigned);
    await listener.close();
  });

  test("rejects with advice if the assigned port is taken or equals the wanted port", async () => {
    const [taken, alsoTaken] = await threePorts();
    await listen(taken);
    await listen(alsoTaken);
    const failure = async (assigned: Promise<number>): Promise<string> =>
      (await rejectionOf(listenerOf(listen).open(taken, () => assigned))).message;
    const remedy = "stop that program, or set Service/Port to a free port";
    expect(await failure(Promise.resolve(taken))).toBe(
      `another program listens on port ${taken}, and this service's configuration has no other: ${remedy}`,
    );
    expect(await failure(Promise.resolve(alsoTaken))).toBe(
      `another program listens on port ${alsoTaken}, which was assigned in the place of ${taken}: ${remedy}`,
    );
    expect(await failure(Promise.reject(new Error("no provider")))).toContain(
      "no other can be asked for (no provider)",
    );
  });

  test("rejects with the service's own error if the port is not the cause", async () => {
    const failing = listenerOf(() => Promise.reject(new Error("no certificate")));
    expect((await rejectionOf(failing.open(1, notAsked))).message).toBe("no certificate");
  });
});

describe("Listener.move", () => {
  test("closes the old listener when the new one is open", async () => {
    const [old, other] = await threePorts();
    const listener = listenerOf(listen);
    await listener.open(old, notAsked);
    await listener.move(other);
    expect([await answers(old), await answers(other)]).toEqual([false, true]);
    await listener.close();
    expect(await answers(other)).toBe(false);
  });

  test("keeps the old listener when the new port is taken", async () => {
    const [old, taken] = await threePorts();
    await listen(taken);
    const listener = listenerOf(listen);
    await listener.open(old, notAsked);
    expect((await rejectionOf(listener.move(taken))).message).toContain("which was assigned to this service");
    expect(await answers(old)).toBe(true);
    await listener.close();
    expect(await answers(old)).toBe(false);
  });

  test("moves even if the old listener fails to close, and logs the failure", async () => {
    const listener = listenerOf(() => () => Promise.reject(new Error("stuck")));
    await listener.open(1, notAsked);
    await listener.move(2);
    expect(said).toEqual(["closing the listener: stuck"]);
  });

  test("waits at most five seconds for the old listener to close", async () => {
    const listener = listenerOf((port) => () => (port === 1 ? new Promise(() => {}) : undefined));
    await listener.open(1, notAsked);
    let isMoved = false;
    void listener.move(2).then(() => (isMoved = true));
    await clock.advance(0);
    await clock.advance(4_999);
    expect(isMoved).toBe(false);
    await clock.advance(1);
    expect(isMoved).toBe(true);
    await listener.close();
    expect(clock.timerCount).toBe(0);
  });
});
