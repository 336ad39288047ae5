import { afterEach, beforeEach, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { within } from "../../test/support/within.ts";
import type { Timer } from "../lib/clock.ts";
import { type StreamedChanges, streamKeyChanges } from "./key-stream.ts";

/* Tests of a stream's connections, with a server that sends what the test says. The package's tests have a real agent. */

interface Connection {
  readonly query: string;
  send(text: string): void;
  close(): void;
}

/** A clock that also tells the delay of its newest timer, by which a test sees that a stream pauses. */
class WatchedClock extends FakeClock {
  newestMs = 0;

  override schedule(delayMs: number, run: () => void): Timer {
    this.newestMs = delayMs;
    return super.schedule(delayMs, run);
  }
}

let clock: WatchedClock;
let connections: Connection[];
let status: number;
let server: Bun.Server<undefined>;
let ending: AbortController;

beforeEach(() => {
  clock = new WatchedClock();
  connections = [];
  status = 200;
  ending = new AbortController();
  server = Bun.serve({
    ...{ port: 0, hostname: "127.0.0.1", idleTimeout: 0 },
    fetch(request) {
      if (status !== 200) return new Response("no", { status });
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      const body = new ReadableStream<Uint8Array>({ start: (opened) => void (controller = opened) });
      connections.push({
        query: new URL(request.url).search,
        send: (text) => controller?.enqueue(new TextEncoder().encode(text)),
        close: () => controller?.close(),
      });
      connections.at(-1)?.send(": changes of keys\nid: 7\n\n");
      return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
    },
  });
});
afterEach(async () => {
  ending.abort();
  await server.stop(true);
});

const event = (index: number, key: string): string =>
  `event: changes\nid: ${index}\ndata: {"Index":${index},"Changes":[{"Key":"${key}","Operation":"set","Value":"MQ==","PreviousIndex":0}]}\n\n`;

/** Follows the keys, and returns what has come and what failed so far. */
function follow(after?: number) {
  const come: StreamedChanges[] = [];
  const failures: string[] = [];
  const ended = (async () => {
    const { signal } = ending;
    const url = server.url.href;
    for await (const each of streamKeyChanges({
      ...{ url, prefix: "a/", after, signal, clock },
      onFailure: ({ message }) => failures.push(message),
    }))
      come.push(each);
  })();
  return { come, failures, ended };
}

const untilConnected = (count: number): Promise<void> =>
  within(5_000, async () => expect(connections).toHaveLength(count));

const untilWaiting = (ms: number): Promise<void> => within(5_000, async () => expect(clock.newestMs).toBe(ms));

test("resumes after the index at which it began when the connection is lost before the first event", async () => {
  const { come } = follow();
  await untilConnected(1);
  await untilWaiting(60_000);
  connections[0]?.close();
  await untilWaiting(1_000);
  await clock.advance(1_000);
  await untilConnected(2);
  expect(connections.map(({ query }) => query)).toEqual(["", "?since=7"]);
  connections[1]?.send(event(9, "a/b"));
  await within(5_000, async () => expect(come).toHaveLength(1));
  expect(come).toEqual([
    { index: 9, changes: [{ key: "a/b", operation: "set", value: Uint8Array.of(49), previousIndex: 0 }] },
  ]);
});

test("takes a connection that is silent for a minute for lost, and one with heartbeats for whole", async () => {
  const { come, failures } = follow(3);
  await untilConnected(1);
  connections[0]?.send(event(9, "a/b"));
  await within(5_000, async () => expect(come).toHaveLength(1));
  for (let beats = 0; beats < 3; beats++) {
    await clock.advance(50_000);
    clock.newestMs = 0;
    connections[0]?.send(":\n\n");
    await untilWaiting(60_000);
  }
  expect([connections.length, failures]).toEqual([1, []]);
  await clock.advance(60_000);
  await untilWaiting(1_000);
  expect(failures[0]).toContain("within 60000 ms");
  await clock.advance(1_000);
  await untilConnected(2);
  expect(connections.map(({ query }) => query)).toEqual(["?since=3", "?since=9"]);
});

test("ends when the signal aborts while it waits for a change, and while it waits to connect again", async () => {
  const waiting = follow();
  await untilConnected(1);
  ending.abort();
  await waiting.ended;
  ending = new AbortController();
  const pausing = follow();
  await untilConnected(2);
  connections[1]?.close();
  await untilWaiting(1_000);
  ending.abort();
  await pausing.ended;
  expect(clock.timerCount).toBe(0);
});

test("fails if the first attempt does, with the agent's status, and goes on if a later one does", async () => {
  status = 404;
  const refused = await rejectionOf(follow().ended);
  expect(refused).toMatchObject({ kind: "not-found", message: "Unexpected response code: 404 (no)" });
  status = 200;
  const { failures } = follow();
  await untilConnected(1);
  status = 500;
  connections[0]?.close();
  await untilWaiting(1_000);
  await clock.advance(1_000);
  await within(5_000, async () => expect(failures).toEqual(["Unexpected response code: 500 (no)"]));
  status = 200;
  await untilWaiting(2_000);
  await clock.advance(2_000);
  await untilConnected(2);
});

test("refuses options without an address at once", () => {
  expect(() => streamKeyChanges({ prefix: "a/" })).toThrow("registry host and/or port not set");
});
