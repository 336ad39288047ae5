import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { systemClock } from "../lib/clock.ts";
import { askPostgresReady } from "./postgres-ready.ts";

const patience = { clock: systemClock, timeoutMs: 2_000 };

/** What PostgreSQL 15 answers. */
const authenticationOk = "R\0\0\0\b\0\0\0\0";
const unknownRole = error('C28000\0Mrole "kong" does not exist');
const startingUp = error("C57P03\0Mthe database system is starting up");

function error(fields: string): string {
  const body = `SFATAL\0VFATAL\0${fields}\0\0`;
  return `E\0\0\0${String.fromCharCode(4 + body.length)}${body}`;
}

/** A server that answers the first message with these pieces, and remembers that message. */
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
  test("asks for a connection as user and database, in protocol 3.0", async () => {
    using server = startServer([authenticationOk]);
    await askPostgresReady(server.target, patience);
    expect(server.received()).toBe("\0\0\0\x21\0\x03\0\0user\0kong\0database\0kong\0\0");
  });

  test("a server that knows no such user takes connections all the same", async () => {
    using server = startServer([unknownRole]);
    await askPostgresReady(server.target, patience);
  });

  test("a server that is starting up is not ready, and says so; pieces of an answer are put together", async () => {
    using server = startServer([startingUp.slice(0, 3), startingUp.slice(3, 20), startingUp.slice(20)]);
    expect((await rejectionOf(askPostgresReady(server.target, patience))).message).toMatch(
      `127.0.0.1:${server.target.port} - rejecting connections: the database system is starting up`,
    );
  });

  test("one that closes, is not there or does not answer gives no response", async () => {
    using closing = startServer([]);
    expect((await rejectionOf(askPostgresReady(closing.target, patience))).message).toMatch(
      "no response: connection closed",
    );
    closing[Symbol.dispose]();
    expect((await rejectionOf(askPostgresReady(closing.target, patience))).message).toMatch(
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
