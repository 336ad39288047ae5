import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { systemClock } from "../lib/clock.ts";
import { askPostgresReady } from "./postgres-ready.ts";

const options = { clock: systemClock, timeoutMs: 2_000 };

/** Messages that PostgreSQL 15 sends. */
const authenticationOk = "R\0\0\0\b\0\0\0\0";
const unknownRole = error('C28000\0Mrole "kong" does not exist');
const startingUp = error("C57P03\0Mthe database system is starting up");

function error(fields: string): string {
  const body = `SFATAL\0VFATAL\0${fields}\0\0`;
  return `E\0\0\0${String.fromCharCode(4 + body.length)}${body}`;
}

/** Starts a server that answers each message with `pieces` and records what it receives. */
function startServer(pieces: readonly string[]) {
  let received = "";
  const server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      data(socket, data) {
        received += data.toString("latin1");
        for (const piece of pieces) {
          socket.write(Buffer.from(piece, "latin1"));
          socket.flush();
        }
        if (pieces.length === 0) socket.end();
      },
    },
  });
  return {
    target: { host: "127.0.0.1", port: server.port, user: "kong", database: "kong" },
    received: () => received,
    [Symbol.dispose]: () => server.stop(true),
  };
}

describe("askPostgresReady", () => {
  test("sends a startup message of protocol 3.0 with user and database", async () => {
    using server = startServer([authenticationOk]);
    await askPostgresReady(server.target, options);
    expect(server.received()).toBe("\0\0\0\x21\0\x03\0\0user\0kong\0database\0kong\0\0");
  });

  test("resolves if the server rejects the user, which shows that the server is ready", async () => {
    using server = startServer([unknownRole]);
    await askPostgresReady(server.target, options);
  });

  test("rejects with the message of a server that is starting up, even if the message arrives in pieces", async () => {
    using server = startServer([startingUp.slice(0, 3), startingUp.slice(3, 20), startingUp.slice(20)]);
    expect((await rejectionOf(askPostgresReady(server.target, options))).message).toMatch(
      `127.0.0.1:${server.target.port} - rejecting connections: the database system is starting up`,
    );
  });

  test("rejects if the server closes the connection, refuses it or does not answer in time", async () => {
    using closing = startServer([]);
    expect((await rejectionOf(askPostgresReady(closing.target, options))).message).toMatch(
      "no response: connection closed",
    );
    closing[Symbol.dispose]();
    expect((await rejectionOf(askPostgresReady(closing.target, options))).message).toMatch(
      /no response: .*ECONNREFUSED/,
    );

    const clock = new FakeClock();
    using silent = startServer([""]);
    const asking = askPostgresReady(silent.target, { clock, timeoutMs: 700 });
    asking.catch(() => undefined);
    await clock.advance(700);
    expect((await rejectionOf(asking)).message).toMatch("no response: none within 700 ms");
    expect(clock.timerCount).toBe(0);
  });
});
