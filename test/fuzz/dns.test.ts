import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { askDns, flawInAnswer, packetOf, parseDnsQuestion } from "../support/dns-exchange.ts";
import { dnsHeader, openTcpClient, openUdpClient, questionOctets, type UdpClient } from "../support/dns-wire.ts";
import { FrameReader, framed } from "../../src/dns/frames.ts";
import { explore } from "../support/fuzz/explore.ts";
import { answerMsMax } from "../support/fuzz/share.ts";
import { freePorts } from "../support/free-ports.ts";
import { patienceMs } from "../support/patience.ts";
import { within } from "../support/within.ts";

/** For any octets over UDP and TCP, the agent keeps running, reports no fault of its own, and amplifies no answer. */

const udpRuns = 30_000;
const tcpRuns = 10_000;
const sandbox = openSandbox();
let agent: AgentProcess;
let port: number;

beforeAll(async () => {
  [port = 0] = await freePorts(1);
  agent = await sandbox.start("-dev", "-dns-port", String(port), "-log-level", "info");
  await agent.ready();
  for (let at = 0; at < 100; at += 1) {
    const Service = { ID: "web", Service: "web", Port: 80 + at };
    await agent.send("PUT", "/v1/catalog/register", { body: { Node: `n${at}`, Address: `10.0.0.${at}`, Service } });
  }
});
afterAll(() => sandbox.close());

afterEach(async () => {
  expect((await askDns(port, "n1.node.consul A")).answers).toHaveLength(1);
  expect((await askDns(port, "n1.node.consul A tcp")).answers).toHaveLength(1);
  expect(agent.output()).not.toContain("failed to answer");
});

const label = fc.oneof(
  fc.constantFrom("web", "service", "consul", "node", "n1", "addr", "0a000001", "query", "_web", "_tcp", "dc1"),
  fc.constantFrom("in-addr", "ip6", "arpa", "x".repeat(63), "\u0000", "a.b", "\u00ff\u00fe"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 63 }).map((text) => text.slice(0, 63)),
);
const number16 = fc.oneof(fc.constantFrom(0, 1, 2, 0x8000, 0xffff), fc.nat(0xffff));
const count = fc.oneof({ weight: 4, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: number16 });
const typeNumber = fc.oneof(fc.constantFrom(1, 2, 5, 6, 12, 16, 28, 33, 41, 250, 251, 252, 255), fc.nat(0xffff));

/** Generates packets that are almost queries: sometimes a part of them is invalid. */
const nearlyQuestion = fc
  .record({
    id: number16,
    flags: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 0x0100) }, { weight: 1, arbitrary: number16 }),
    counts: fc.oneof(fc.constant([1, 0, 0, 0] as const), fc.tuple(count, count, count, count)),
    labels: fc.array(label, { maxLength: 6 }),
    type: typeNumber,
    of: fc.oneof(fc.constantFrom(1, 3, 255), number16),
    rest: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 60 })),
    cut: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(40) }),
    flips: fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 2 }),
  })
  .map(({ labels, type, of, rest, cut, flips, ...header }) => {
    const whole = Buffer.concat([dnsHeader(header), questionOctets(labels, type, of), rest]);
    for (const [at, value] of flips) if (at < whole.length) whole[at] = value;
    return whole.subarray(0, Math.max(0, whole.length - cut));
  });
const packet = fc.oneof(
  { weight: 3, arbitrary: nearlyQuestion },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 600 }).map((octets) => Buffer.from(octets)) },
);

/**
 * Sends the packet and then a valid query, and waits for the answer to the query. Returns the answer to the packet; undefined if
 * none has arrived by then.
 * @throws Error when a resolver would refuse the answer
 */
async function answerTo(client: UdpClient, sent: Buffer): Promise<Buffer | undefined> {
  const before = client.received.length;
  const id = sent.length < 2 ? 0 : sent.readUInt16BE(0);
  const marker = Buffer.concat([dnsHeader({ id: id ^ 1 }), questionOctets(["n1", "node", "consul"])]);
  client.send(sent);
  client.send(marker);
  const isMarker = (octets: Buffer): boolean => flawInAnswer(marker, octets) === undefined;
  await client.until(() => client.received.slice(before).some(isMarker), answerMsMax);
  const answer = client.received.slice(before).find((octets) => !isMarker(octets));
  if (answer) expect(flawInAnswer(sent, answer)).toBeUndefined();
  return answer;
}

describe("a DNS server over UDP", () => {
  let client: UdpClient;
  beforeAll(async () => {
    client = await openUdpClient(port);
  });
  afterAll(() => client.close());

  test("sends a valid answer to a query, a header to an undecodable packet, and nothing to a DNS answer", async () => {
    const property = async (sent: Buffer): Promise<void> => {
      const answer = await answerTo(client, sent);
      const isAnswer = ((sent[2] ?? 0) & 0x80) !== 0;
      if (sent.length < 12 || isAnswer) return expect(answer).toBeUndefined();
      if (!answer) throw new Error("no answer");
      const rcode = answer.readUInt8(3) & 0xf;
      if (rcode === 1 || rcode === 4) expect(answer.length).toBeLessThanOrEqual(sent.length + 12);
      expect(answer.length).toBeLessThanOrEqual(65_467);
    };
    const known = (octets: Uint8Array): Promise<void> => property(Buffer.from(octets));
    await explore("dns-udp", { arbitrary: packet, property, shortRuns: udpRuns, octetsOf: (sent) => sent, known });
  });

  const web = questionOctets(["web", "service", "consul"]);
  const opt = Buffer.from([0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 0]);
  const formatError: readonly (readonly [string, Buffer])[] = [
    ["no question", dnsHeader({ counts: [0, 0, 0, 0] })],
    ["two questions", Buffer.concat([dnsHeader({ counts: [2, 0, 0, 0] }), web, web])],
    ["65535 questions", Buffer.concat([dnsHeader({ counts: [65_535, 0, 0, 0] }), web])],
    ["65535 additional records", Buffer.concat([dnsHeader({ counts: [1, 0, 0, 65_535] }), web])],
    ["three OPT records", Buffer.concat([dnsHeader({ counts: [1, 0, 0, 3] }), web, opt, opt, opt])],
    ["half an OPT record", Buffer.concat([dnsHeader({ counts: [1, 0, 0, 1] }), web, opt.subarray(0, 6)])],
    ["a name that points at itself", Buffer.concat([dnsHeader(), Buffer.from([0xc0, 12, 0, 1, 0, 1])])],
    ["a name that leads in a circle", Buffer.concat([dnsHeader(), Buffer.from([1, 97, 0xc0, 12, 0, 1, 0, 1])])],
    ["a name that points ahead", Buffer.concat([dnsHeader(), Buffer.from([0xc0, 14, 0, 0, 1, 0, 1])])],
    ["a label of 64 octets", Buffer.concat([dnsHeader(), Buffer.alloc(70, 64)])],
    ["a name of 256 octets", Buffer.concat([dnsHeader(), questionOctets(Array(127).fill("a").concat("b"))])],
    ["no type and class", Buffer.concat([dnsHeader(), web.subarray(0, -4)])],
  ];
  test.each(formatError)("answers %s with a format error that is no longer than the packet", async (_, sent) => {
    const answer = await answerTo(client, sent);
    expect(answer?.readUInt16BE(2)).toBe(0x8101);
    expect(answer?.length).toBeLessThanOrEqual(sent.length);
  });

  test.each([1, 2, 3, 4, 5, 6, 15])('answers opcode %i with "not implemented"', async (opcode) => {
    const answer = await answerTo(client, Buffer.concat([dnsHeader({ flags: opcode << 11 }), web]));
    expect(answer?.length).toBe(12);
    expect(answer?.readUInt16BE(2)).toBe(0x8004 | (opcode << 11));
  });

  test("answers a query for a name of 255 octets in labels of 63 with the complete name", async () => {
    const labels = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(49), "node", "consul"];
    const sent = Buffer.concat([dnsHeader(), questionOctets(labels)]);
    expect(sent.length).toBe(12 + 255 + 4);
    const answer = await answerTo(client, sent);
    expect(answer?.subarray(12, 12 + 259).equals(sent.subarray(12))).toBe(true);
    expect((answer?.readUInt8(3) ?? 0) & 0xf).toBe(3);
  });

  test("sends a client without EDNS at most 512 octets for any query", async () => {
    for (const type of [1, 28, 33, 255, 16])
      expect((await askDns(port, `web.service.consul UNKNOWN_${type}`)).bytes).toBeLessThanOrEqual(512);
    for (const edns of [1, 100, 511, 513, 700, 1_232, 4_096])
      expect((await askDns(port, `web.service.consul SRV edns=${edns}`)).bytes).toBeLessThanOrEqual(
        Math.max(512, edns),
      );
  });

  test("answers other clients without delay when clients leave before their answers", async () => {
    const packet = packetOf(parseDnsQuestion("web.service.consul SRV"));
    for (let at = 0; at < 100; at += 1) {
      const client = await Bun.udpSocket({ connect: { hostname: "127.0.0.1", port }, socket: {} });
      client.send(packet);
      client.close();
    }
    await within(2_000, async () => expect((await askDns(port, "n1.node.consul A")).answers).toHaveLength(1));
  });
});

describe("a DNS server over TCP", () => {
  const question = packetOf(parseDnsQuestion("n1.node.consul A"));

  test("answers any stream of octets or closes its connection", async () => {
    const arbitrary = fc.array(packet, { minLength: 1, maxLength: 5 });
    const property = async (packets: readonly Buffer[]): Promise<void> => {
      const client = await openTcpClient(port);
      client.send(...packets, question);
      const asked = packets.filter((each) => each.length >= 12 && ((each[2] ?? 0) & 0x80) === 0);
      await client.until(() => client.received.length > asked.length, answerMsMax);
      const flaws = client.received.map((answer, at) => flawInAnswer(asked[at] ?? question, answer));
      expect(flaws).toEqual([...asked, question].map(() => undefined));
      client.close();
    };
    const known = (octets: Uint8Array): Promise<void> =>
      property([...new FrameReader().read(octets)].map((each) => Buffer.from(each)));
    const octetsOf = (packets: readonly Buffer[]): Uint8Array => Buffer.concat(packets.map(framed));
    await explore("dns-tcp", { arbitrary, property, shortRuns: tcpRuns, octetsOf, known });
  });

  test("answers a query in any number of segments, and a thousand queries in one segment", async () => {
    const client = await openTcpClient(port);
    const frame = Buffer.concat([Buffer.from([0, question.length]), question]);
    for (const octet of frame) {
      client.write(Buffer.from([octet]));
      await Bun.sleep(0);
    }
    await within(1_000, async () => expect(client.received).toHaveLength(1));
    client.send(...Array<Uint8Array>(1_000).fill(question));
    await within(2_000, async () => expect(client.received).toHaveLength(1_001));
    expect(client.received.filter((answer) => flawInAnswer(question, answer) !== undefined)).toEqual([]);
    client.close();
  });

  test("disconnects a client that sends queries and never reads, and does not delay others", async () => {
    const client = await openTcpClient(port);
    client.pause();
    const many = packetOf(parseDnsQuestion("web.service.consul SRV"));
    const asked = Array<Uint8Array>(50).fill(many);
    await within(25_000, async () => {
      client.send(...asked);
      expect((await askDns(port, "n1.node.consul A tcp")).answers).toHaveLength(1);
      expect(serverConnections()).toBe(0);
    });
    client.close();
  });

  test("drops an incomplete query after ten seconds, even if octets keep arriving", async () => {
    const client = await openTcpClient(port);
    const started = performance.now();
    client.write(Buffer.from([1, 0]));
    const adding = setInterval(() => client.write(Buffer.from([0])), 500);
    await client.closed;
    clearInterval(adding);
    expect(performance.now() - started).toBeWithin(9_000, 10_000 + patienceMs(5_000));
  });

  test("keeps and serves 64 of 300 connections of one client", async () => {
    // A refused connection may fail while it is being opened.
    const tried = await Promise.allSettled(Array.from({ length: 300 }, () => openTcpClient(port)));
    const clients = tried.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const open = (): typeof clients => clients.filter(({ isClosed }) => !isClosed);
    await within(2_000, async () => expect(open()).toHaveLength(64));
    const held = open();
    for (const client of held) client.send(question);
    await within(2_000, async () => expect(held.every(({ received }) => received.length === 1)).toBe(true));
    const flawed = held.filter(({ received: [answer = question] }) => flawInAnswer(question, answer) !== undefined);
    expect(flawed).toEqual([]);
    expect((await askDns(port, "n1.node.consul A")).answers).toHaveLength(1);
    for (const client of clients) client.close();
    await within(2_000, async () => expect((await askDns(port, "n1.node.consul A tcp")).answers).toHaveLength(1));
  });
});

/** Returns the number of connections to the agent's TCP port that the system holds open. */
function serverConnections(): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return rows.map((row) => row.trim().split(/\s+/)).filter(([, own, , state]) => own?.endsWith(local) && state === "01")
    .length;
}
