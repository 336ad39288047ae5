import { afterEach, describe, expect, test } from "bun:test";
import { newTestAuthority } from "../../test/support/authority.ts";
import type { TestCertificate } from "../../test/support/certificates.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { connectLinks } from "../../test/support/link-pair.ts";
import { newCertificate } from "../../test/support/own-certificate.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { within } from "../../test/support/within.ts";
import { systemClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { dial } from "./connect.ts";
import type { ClusterKey } from "./greeting.ts";
import type { Answer, Handler, Link } from "./link.ts";
import type { LinkTls } from "./link-tls.ts";
import { listenForLinks } from "./listen.ts";

const key = new Uint8Array(32).fill(7);
const certificate = newCertificate();
const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

interface Ends {
  readonly dialled: Link;
  readonly accepted: Link;
}

const refuseAll: Handler = async ({ kind }) => {
  throw new OperatingError("not-found", "no-kind", `no handler of ${kind}`);
};

interface Options {
  readonly listenerKey?: ClusterKey | undefined;
  readonly diallerKey?: ClusterKey | undefined;
  readonly listenerTls?: LinkTls | undefined;
  readonly diallerTls?: LinkTls | undefined;
  readonly handler?: Handler;
  readonly diallerHandler?: Handler;
  /** Receives the reasons for which the listener refuses connections. */
  readonly refusals?: string[];
}

/** Listens, dials, and returns both ends of the link. */
async function connect(options: Options): Promise<Ends> {
  const {
    listenerKey,
    diallerKey,
    listenerTls,
    diallerTls,
    handler = refuseAll,
    diallerHandler = refuseAll,
    refusals = [],
  } = options;
  const accepted = Promise.withResolvers<Link>();
  const listener = listenForLinks({
    address: "127.0.0.1",
    port: 0,
    security: (listenerKey || listenerTls) && { key: listenerKey, certificate, tls: listenerTls },
    handler,
    clock: systemClock,
    refusalOf: () => undefined,
    onLink: (link) => accepted.resolve(link),
    onRefused: (_from, reason) => refusals.push(reason),
  });
  stops.push(() => listener.stop());
  const dialled = await dial({
    ...{ host: "127.0.0.1", port: listener.port, key: diallerKey, tls: diallerTls, clock: systemClock },
    handler: diallerHandler,
  });
  stops.push(() => dialled.close());
  return { dialled, accepted: await accepted.promise };
}

/** Connects, and returns the dialler's error and the reasons that the listener gave. */
async function failure(options: Options): Promise<{ readonly message: string; readonly refusals: readonly string[] }> {
  const refusals: string[] = [];
  const { message } = await rejectionOf(connect({ ...options, refusals }));
  await within(1_000, async () => expect(refusals).toHaveLength(1));
  return { message, refusals };
}

async function bytesOf({ body }: Pick<Answer, "body">): Promise<Uint8Array> {
  return body ? await new Response(body).bytes() : new Uint8Array();
}

/**
 * Returns a stream of `length` bytes that count upwards, in pieces of `pieceLength`, and a record of how many bytes its reader
 * pulled and whether it was cancelled.
 */
function counting(length: number, pieceLength = 100_000) {
  const pulled = { bytes: 0, isCancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const size = Math.min(pieceLength, length - pulled.bytes);
        if (size === 0) return controller.close();
        controller.enqueue(Uint8Array.from({ length: size }, (_, at) => (pulled.bytes + at) % 251));
        pulled.bytes += size;
      },
      cancel: () => void (pulled.isCancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { stream, pulled };
}

const isCounting = (bytes: Uint8Array): boolean => bytes.every((byte, at) => byte === at % 251);

const authority = newTestAuthority();
const stranger = newTestAuthority();
const serverName = "server.dc1.consul";

function tlsWith({ cert, key: ownKey }: TestCertificate, change: Partial<LinkTls> = {}): LinkTls {
  return {
    ...{ own: { certificate: cert, key: ownKey }, authorities: [authority.certificate], serverName: undefined },
    ...{ verifiesIncoming: false, verifiesOutgoing: false, protocol: {} },
    ...change,
  };
}

const serverCertificate = authority.issue({ dnsNames: [serverName], ipAddresses: [] });
const verifyingServer = tlsWith(serverCertificate, { verifiesIncoming: true });
const verifyingClient = tlsWith(authority.issue({ dnsNames: ["client.dc1.consul"], ipAddresses: [] }), {
  ...{ verifiesOutgoing: true, serverName },
});
const verified = { listenerTls: verifyingServer, diallerTls: verifyingClient };

for (const [name, keys] of [
  ["with a cluster key", { listenerKey: key, diallerKey: key }],
  ["without a cluster key", {}],
  ["with certificates that both agents verify", verified],
  ["with a cluster key and certificates", { ...verified, listenerKey: key, diallerKey: key }],
] as const)
  describe(`a link ${name}`, () => {
    test("carries calls and answers in both directions, with bytes and 64-bit integers", async () => {
      const echo: Handler = async ({ kind, head }) => ({ head: { kind, head } });
      const { dialled, accepted } = await connect({ ...keys, handler: echo, diallerHandler: echo });
      const head = { text: "ä", bytes: new Uint8Array([0, 255]), large: 2n ** 63n, list: [1, -1, 1.5, null, true] };
      expect(await dialled.call({ kind: "there", head })).toEqual({ head: { kind: "there", head } });
      expect(await accepted.call({ kind: "back", head })).toEqual({ head: { kind: "back", head } });
    });

    test("has many calls under way, each with its own answer", async () => {
      const { dialled } = await connect({
        ...keys,
        handler: async ({ head }) => {
          if (Number(head) % 2 === 0) await Bun.sleep(0);
          return { head };
        },
      });
      const numbers = Array.from({ length: 500 }, (_, at) => at);
      const answers = await Promise.all(numbers.map((head) => dialled.call({ kind: "n", head })));
      expect(answers.map(({ head }) => head)).toEqual(numbers);
    });

    test("passes on the error of a handler with its kind, code and message", async () => {
      const { dialled } = await connect(keys);
      const error: unknown = await dialled.call({ kind: "nosuch", head: 1 }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(OperatingError);
      expect(error).toMatchObject({ kind: "not-found", code: "no-kind", message: "no handler of nosuch" });
    });

    test("carries bodies longer than its window in both directions", async () => {
      const { dialled } = await connect({
        ...keys,
        handler: async (call) => {
          const given = await bytesOf(call);
          expect(isCounting(given)).toBe(true);
          return { head: given.length, body: counting(5_000_000).stream };
        },
      });
      const answer = await dialled.call({ kind: "body", head: null, body: counting(7_000_001).stream });
      expect(answer.head).toBe(7_000_001);
      const bytes = await bytesOf(answer);
      expect(bytes.length).toBe(5_000_000);
      expect(isCounting(bytes)).toBe(true);
    });

    test("sends no more of a body than its window while the receiver does not read, and other calls go on", async () => {
      const { stream, pulled } = counting(50_000_000);
      const { dialled } = await connect({
        ...keys,
        handler: async ({ kind }) => ({ head: kind, body: kind === "long" ? stream : undefined }),
      });
      const { body } = await dialled.call({ kind: "long", head: null });
      await within(1_000, async () => expect(pulled.bytes).toBeGreaterThan(1_000_000));
      for (let n = 0; n < 50; n += 1) expect((await dialled.call({ kind: "short", head: n })).head).toBe("short");
      expect(pulled.bytes).toBeLessThan(4_000_000);
      await body?.cancel();
      await within(1_000, async () => expect(pulled.isCancelled).toBe(true));
    });
  });

describe("a call", () => {
  test("that its caller cancels aborts the handler and rejects", async () => {
    const aborted = Promise.withResolvers<void>();
    const { dialled } = await connect({
      handler: ({ signal }) => new Promise(() => signal.addEventListener("abort", () => aborted.resolve())),
    });
    const cancelling = new AbortController();
    const call = dialled.call({ kind: "held", head: null }, cancelling.signal);
    cancelling.abort(new Error("no longer wanted"));
    expect((await rejectionOf(call)).message).toBe("no longer wanted");
    await aborted.promise;
  });

  test("that is under way when the link is lost rejects with link-lost, and its handler is aborted", async () => {
    const begun = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const { dialled, accepted } = await connect({
      handler: ({ signal }) => {
        begun.resolve();
        return new Promise(() => signal.addEventListener("abort", () => aborted.resolve()));
      },
    });
    const call = dialled.call({ kind: "held", head: null });
    await begun.promise;
    accepted.close("test");
    expect(await rejectionOf(call)).toMatchObject({ code: "link-lost" });
    await aborted.promise;
    expect(await rejectionOf(dialled.call({ kind: "after", head: null }))).toMatchObject({ code: "link-lost" });
  });

  test("whose body fails at the sender fails at the receiver with the same error", async () => {
    const { dialled } = await connect({
      handler: async () => ({
        head: null,
        body: new ReadableStream({
          pull() {
            throw new OperatingError("unavailable", "disk-error", "the disk failed");
          },
        }),
      }),
    });
    const answer = await dialled.call({ kind: "body", head: null });
    expect(await rejectionOf(bytesOf(answer))).toMatchObject({ code: "disk-error", message: "the disk failed" });
  });

  test("with a head that is too long is refused before anything is sent", async () => {
    const { dialled } = await connect({ handler: async ({ head }) => ({ head }) });
    expect(await rejectionOf(dialled.call({ kind: "big", head: new Uint8Array(9_000_000) }))).toMatchObject({
      kind: "too-large",
    });
    expect((await dialled.call({ kind: "small", head: 1 })).head).toBe(1);
  });
});

describe("a connection is refused, and both agents report the reason, when", () => {
  test("their cluster keys differ", async () => {
    const { message, refusals } = await failure({ listenerKey: key, diallerKey: new Uint8Array(32) });
    expect(message).toMatch(
      /^cannot connect to the agent at 127.0.0.1:\d+: the -encrypt keys of the two agents differ$/,
    );
    expect(refusals).toEqual(["the -encrypt keys of the two agents differ"]);
  });

  test("only the accepting agent has a cluster key", async () => {
    const { message, refusals } = await failure({ listenerKey: key });
    expect(message).toContain("the other agent has an -encrypt key, and this one has none");
    expect(refusals[0]).toContain("the other agent may have no -encrypt key");
  });

  test("only the dialling agent has a cluster key", async () => {
    const { message, refusals } = await failure({ diallerKey: key });
    expect(message).toContain("the other agent may have no -encrypt key");
    expect(refusals).toEqual([expect.stringContaining("the other agent has an -encrypt key, and this one has none")]);
  });
});

test("a connection that begins with other bytes than an agent's greeting is closed", async () => {
  const refusals: string[] = [];
  const listener = listenForLinks({
    ...{ address: "127.0.0.1", port: 0, security: undefined, handler: refuseAll, clock: systemClock },
    refusalOf: () => undefined,
    onLink: () => expect.unreachable(),
    onRefused: (_from, reason) => refusals.push(reason),
  });
  stops.push(() => listener.stop());
  const closed = Promise.withResolvers<void>();
  await Bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    socket: {
      open: (socket) => void socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
      data() {},
      close: () => closed.resolve(),
    },
  });
  await closed.promise;
  expect(refusals).toEqual(["the other end is no agent of Praetor"]);
});

test("a link whose other agent falls silent is lost", async () => {
  const { dialled, accepted } = await connect({});
  expect(await Promise.race([dialled.lost, Bun.sleep(0)])).toBeUndefined();
  // The accepted end no longer records the bytes that arrive, as if the dialling agent were silent.
  accepted.heard = () => {};
  expect(await accepted.lost).toBe("the other agent was silent");
  expect(await dialled.lost).toBe("the connection was closed");
});

describe("a link of a process that was stopped for a minute", () => {
  const handler: Handler = async () => ({ head: "here" });

  test("is not lost, since the other agent's frames wait in the socket", async () => {
    const clock = new FakeClock();
    const { dialled, accepted } = connectLinks({ clock, handler });
    clock.pause(60_000);
    expect(accepted.silentMs).toBe(0);
    await clock.advance(1_000);
    expect((await dialled.call({ kind: "ask", head: null })).head).toBe("here");
    await clock.advance(10_000);
    expect([dialled.isLost, accepted.isLost]).toEqual([false, false]);
  });

  test("that the other agent has closed meanwhile does not count the minute as silence", async () => {
    const clock = new FakeClock();
    const { dialled, accepted } = connectLinks({ clock, handler });
    await clock.advance(500);
    clock.pause(60_000);
    dialled.close();
    await accepted.lost;
    await clock.advance(10_000);
    expect(accepted.silentMs).toBe(0);
  });
});

describe("a connection between agents whose certificates are verified is refused", () => {
  const noLink = "cannot connect to the agent at ";

  test("when the agent that connects has no certificate", async () => {
    const { message, refusals } = await failure({ ...verified, diallerTls: { ...verifyingClient, own: undefined } });
    expect(message).toContain(noLink);
    expect(refusals).toEqual(["the agent shows no certificate"]);
  });

  test("when another authority has signed the certificate of the agent that connects", async () => {
    const diallerTls = { ...verifyingClient, own: ownOf(stranger.issue()) };
    const { message, refusals } = await failure({ ...verified, diallerTls });
    expect(message).toContain(noLink);
    expect(refusals).toEqual([expect.stringContaining("the configured CA does not verify the agent's certificate: ")]);
  });

  test("when the certificate of the agent that connects is for servers only, or has expired", async () => {
    for (const content of [{ purposes: ["server"] }, { validFromMs: Date.now() - 5 * 86_400_000, days: 1 }] as const) {
      const diallerTls = { ...verifyingClient, own: ownOf(authority.issue(content)) };
      const { refusals } = await failure({ ...verified, diallerTls });
      expect(refusals).toEqual([expect.stringContaining("does not verify the agent's certificate")]);
    }
  });

  test("when the certificate has no authority, although the agent has the cluster key", async () => {
    const keys = { listenerKey: key, diallerKey: key };
    const { message } = await failure({ ...keys, diallerTls: verifyingClient });
    expect(message).toContain("the configured CA does not verify the server's certificate: ");
    const { refusals } = await failure({ ...keys, listenerTls: verifyingServer });
    expect(refusals).toEqual(["the agent shows no certificate"]);
  });

  test("when another authority has signed the server's certificate, whatever its name", async () => {
    for (const name of [serverName, undefined]) {
      const diallerTls = { ...verifyingClient, serverName: name, authorities: [stranger.certificate] };
      const { message } = await failure({ ...verified, diallerTls });
      expect(message).toContain("the configured CA does not verify the server's certificate: ");
    }
  });

  test("by verify_server_hostname alone, when the server's certificate is that of a client agent", async () => {
    const listenerTls = tlsWith(authority.issue({ dnsNames: ["client.dc1.consul"] }), { verifiesIncoming: true });
    const { message } = await failure({ ...verified, listenerTls });
    expect(message).toContain("is not one of a server of this datacenter, for server.dc1.consul: ");
    await connect({ listenerTls, diallerTls: { ...verifyingClient, serverName: undefined } });
  });

  test("when one agent uses TLS and the other does not", async () => {
    const plainServer = await failure({ diallerTls: verifyingClient });
    const reason = "or only the other one verifies certificates";
    expect(plainServer.refusals).toEqual([expect.stringContaining(reason)]);
    const plainClient = await failure({ listenerTls: verifyingServer });
    expect(plainClient.refusals).toEqual([expect.stringContaining("the TLS handshake failed")]);
  });

  test("when only one of them has the cluster key, or below the server's oldest version of TLS", async () => {
    const { message } = await failure({ ...verified, listenerKey: key });
    expect(message).toContain("the -encrypt keys of the two agents differ");
    const old = { maxVersion: 0x0303 };
    const listenerTls = { ...verifyingServer, protocol: { minVersion: 0x0304 } };
    const { refusals } = await failure({ listenerTls, diallerTls: { ...verifyingClient, protocol: old } });
    expect(refusals).toEqual([expect.stringContaining("the TLS handshake failed")]);
  });
});

function ownOf({ cert, key: ownKey }: TestCertificate): LinkTls["own"] {
  return { certificate: cert, key: ownKey };
}
