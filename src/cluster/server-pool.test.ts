import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer } from "node:net";
import { promptly } from "../../test/support/promptly.ts";
import { within } from "../../test/support/within.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import { systemRandom } from "../lib/random.ts";
import { dial } from "../link/connect.ts";
import { listenForLinks } from "../link/listen.ts";
import type { Answer, IncomingCall, Link } from "../link/link.ts";
import type { JoinRequest, ServerAddress } from "./join-call.ts";
import { type RetryJoin, ServerPool } from "./server-pool.ts";

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const soonMs = 5_000;
const joinRequest: JoinRequest = {
  ...{ name: "c1", id: "c1-id", address: "127.0.0.1", datacenter: "dc1", build: "1.8.7", role: "client" },
  ...{ serfPort: 8301, meta: {}, taggedAddresses: {} },
};

/** A server that accepts agents, and answers their calls as the test says. */
class TestServer implements ServerAddress {
  readonly id: string;
  readonly name: string;
  readonly address = "127.0.0.1";
  readonly port: number;
  readonly links: Link[] = [];
  readonly received: string[] = [];
  /** The servers that the answer to "join" names. */
  servers: readonly ServerAddress[] = [this];
  answer: (call: IncomingCall) => Promise<Answer> = async () => ({ head: this.name });
  readonly #listener: { stop(): void };

  constructor(name: string, port = 0) {
    this.id = `${name}-id`;
    this.name = name;
    const listener = listenForLinks({
      address: "127.0.0.1",
      ...{ port, security: undefined, clock: systemClock, refusalOf: () => undefined },
      handler: async (call) => {
        this.received.push(call.kind);
        return call.kind === "join" ? { head: { servers: this.servers.map(addressOf) } } : this.answer(call);
      },
      onLink: (link) => void this.links.push(link),
      onRefused: () => {},
    });
    this.#listener = listener;
    this.port = listener.port;
    stops.push(() => this.end());
  }

  /** Ends as a process does that is killed. */
  end(): void {
    this.#listener.stop();
    for (const link of this.links) link.close();
  }
}

function addressOf({ id, name, address, port }: ServerAddress): ServerAddress {
  return { id, name, address, port };
}

interface Options {
  readonly known?: readonly ServerAddress[];
  readonly retryJoin?: Partial<RetryJoin>;
  readonly serfLan?: number;
}

function openPool({ known = [], retryJoin = {}, serfLan = 8_301 }: Options) {
  const learnt: string[][] = [];
  const joined: string[] = [];
  const pool = new ServerPool({
    joinRequest: () => joinRequest,
    ...{ key: undefined, dial, known, clock: systemClock, random: systemRandom },
    ports: { server: known[0]?.port ?? 1, serfLan },
    retryJoin: { addresses: [], intervalMs: 50, attemptsMax: 0, onExhausted: () => {}, ...retryJoin },
    handlers: { event: async ({ head }) => ({ head }) },
    onServers: (servers) => void learnt.push(servers.map(({ name }) => name)),
    onJoined: () => void joined.push("joined"),
    log: createLog({ level: "error", json: false, clock: systemClock, sink: () => {} }, "client"),
  });
  stops.push(() => pool.stop());
  return { pool, learnt, joined };
}

function codeOf(error: unknown): string {
  return error instanceof OperatingError ? error.code : "";
}

const read = { kind: "read", head: null };
const repeatable = { isRepeatable: true };

describe("the pool of servers", () => {
  test("joins a known server, and then knows the servers that it names", async () => {
    const [one, other] = [new TestServer("one"), new TestServer("other")];
    one.servers = [one, other];
    const { pool, learnt, joined } = openPool({ known: [addressOf(one)] });
    await pool.start();
    expect(await pool.call(read, repeatable)).toEqual({ head: "one" });
    expect({ learnt, joined }).toEqual({ learnt: [["one", "other"]], joined: ["joined"] });
    await one.links[0]?.call({ kind: "servers", head: { servers: [addressOf(other)] } });
    expect(pool.servers).toEqual([addressOf(other)]);
  });

  test("asks another server again what the lost one has not answered, if it only reads", async () => {
    const [one, other] = [new TestServer("one"), new TestServer("other")];
    one.servers = [one, other];
    one.answer = () => new Promise(() => {});
    const { pool } = openPool({ known: [addressOf(one)] });
    await pool.start();
    const held = pool.call(read, repeatable);
    const written = pool.call({ kind: "write", head: null }, { isRepeatable: false }).catch(codeOf);
    await within(soonMs, async () => expect(one.received).toContain("write"));
    one.end();
    expect(await promptly(written)).toBe("link-lost");
    expect(await promptly(held)).toEqual({ head: "other" });
    expect(other.received).toEqual(["join", "read"]);
  });

  test("refuses calls at once while no server is there, and serves them when one is back", async () => {
    const server = new TestServer("one");
    const { pool, joined } = openPool({ known: [addressOf(server)] });
    await pool.start();
    server.end();
    await within(soonMs, async () => {
      const outcome = await pool.call(read, repeatable).catch(messageOf);
      expect(outcome).toBe("No known Consul servers");
    });
    const again = new TestServer("one again", server.port);
    await within(soonMs, async () => expect(await pool.call(read, repeatable)).toEqual({ head: "one again" }));
    expect(again.received).toEqual(["join", "read"]);
    expect(joined).toHaveLength(2);
  });

  test("tries the next address while one accepts the connection and says nothing", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    stops.push(() => silent.close());
    const address = silent.address();
    const port = typeof address === "object" && address ? address.port : 0;
    const server = new TestServer("one");
    const { pool } = openPool({
      known: [{ id: "s", name: "silent", address: "127.0.0.1", port }],
      retryJoin: { addresses: [`127.0.0.1:${server.port}`] },
    });
    await pool.start();
    expect(await pool.call(read, repeatable)).toEqual({ head: "one" });
  });

  test("dials the servers' port for an address with the port of Consul's gossip", async () => {
    const server = new TestServer("one");
    const { pool } = openPool({ known: [addressOf(server)], serfLan: 4_711 });
    await pool.join("127.0.0.1:4711");
    expect(await pool.call(read, repeatable)).toEqual({ head: "one" });
  });

  test("tries retry_join again soon after all known servers have failed, though retry_interval is long", async () => {
    const [known, moved] = [new TestServer("known"), new TestServer("moved")];
    moved.end();
    const { pool } = openPool({
      known: [addressOf(known)],
      retryJoin: { addresses: [`127.0.0.1:${moved.port}`], intervalMs: 86_400_000 },
    });
    await pool.start();
    known.end();
    await within(soonMs, async () => {
      expect(await pool.call(read, repeatable).catch(messageOf)).toBe("No known Consul servers");
    });
    new TestServer("moved", moved.port);
    await within(soonMs, async () => expect(await pool.call(read, repeatable)).toEqual({ head: "moved" }));
  });

  test("gives up after the attempts that retry_max allows", async () => {
    const exhausted = Promise.withResolvers<string>();
    const { pool } = openPool({
      retryJoin: { addresses: ["127.0.0.1:1"], attemptsMax: 2, onExhausted: () => exhausted.resolve("exhausted") },
    });
    void pool.start();
    expect(await promptly(exhausted.promise)).toBe("exhausted");
  });

  test("ends a call whose caller has gone, also while it waits for a server", async () => {
    const { pool } = openPool({ retryJoin: { addresses: ["127.0.0.1:1"] } });
    const signal = AbortSignal.abort(new Error("gone"));
    void pool.start();
    const outcome = await pool.call(read, { isRepeatable: true, signal }).catch(messageOf);
    expect(outcome).toBe("gone");
  });

  test("leaves, and then has no server", async () => {
    const server = new TestServer("one");
    const { pool } = openPool({ known: [addressOf(server)] });
    await pool.start();
    await pool.leave();
    expect(server.received).toEqual(["join", "leave"]);
    expect(pool.isLinked).toBe(false);
  });
});
