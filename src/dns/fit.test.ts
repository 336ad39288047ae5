import { describe, expect, test } from "bun:test";
import { decode, type DecodedPacket } from "dns-packet";
import fc from "fast-check";
import { encodeFitting, type FitOptions } from "./fit.ts";
import { types, type Query, type Reply, type ResourceRecord } from "./message.ts";

const options: FitOptions = {
  ...{ network: "udp", recursionAvailable: false, subnetScope: 0, udpAnswersMax: 3, truncates: true, compresses: true },
};

function queryFor(type: number, udpBytes?: number): Query {
  const edns = udpBytes === undefined ? undefined : { udpBytes, subnet: undefined };
  return { id: 1, flags: 0, question: { name: ["web", "service", "consul"], type, class: 1 }, edns };
}

/** So many instances, each with the address of its node. */
function srvReply(count: number): Reply {
  const targets = Array.from({ length: count }, (_, at) => [`n${at}`, "node", "dc1", "consul"]);
  return {
    ...{ rcode: 0, authoritative: true, authority: [], isChoice: true },
    answers: targets.map((target, at) => ({
      name: ["web", "service", "consul"],
      ttlS: 0,
      data: { type: "SRV", priority: 1, weight: 1, port: at, target },
    })),
    additional: targets.flatMap((name, at): ResourceRecord[] => [
      { name, ttlS: 0, data: { type: "A", address: `10.0.${at >> 8}.${at & 255}` } },
      { name, ttlS: 0, data: { type: "TXT", text: "x".repeat(40) } },
    ]),
  };
}

function read(query: Query, reply: Reply, changes: Partial<FitOptions> = {}): DecodedPacket & { bytes: number } {
  const message = encodeFitting(query, reply, { ...options, ...changes }) ?? new Uint8Array();
  return { ...decode(Buffer.from(message)), bytes: message.length };
}

describe("over UDP", () => {
  test("an answer has whole records, is as long as the client takes, and says whether it is all", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 0, max: 9_000 }),
        fc.boolean(),
        (count, edns, compresses) => {
          const got = read(queryFor(types.SRV, edns), srvReply(count), { compresses });
          expect(got.bytes).toBeLessThanOrEqual(Math.max(512, edns));
          const answers = got.answers ?? [];
          expect(got.flag_tc).toBe(answers.length < count);
          const addresses = (got.additionals ?? []).filter(({ type }) => type === "A");
          expect(addresses).toHaveLength(answers.length);
          expect((got.additionals ?? []).filter(({ type }) => type === "OPT")).toHaveLength(1);
        },
      ),
    );
  });

  test("a plain client gets as many instances as it may, eight at the most", () => {
    expect(read(queryFor(types.SRV), srvReply(20)).answers).toHaveLength(3);
    expect(read(queryFor(types.SRV), srvReply(20), { udpAnswersMax: 1 }).answers).toHaveLength(1);
    const eight = read(queryFor(types.SRV), srvReply(20), { udpAnswersMax: 100 }).answers?.length ?? 0;
    expect(eight).toBeWithin(4, 9);
    expect(read(queryFor(types.SRV), { ...srvReply(5), isChoice: false }).answers?.length).toBeGreaterThan(3);
  });

  test("it is told of what was left out only when that is set", () => {
    expect(read(queryFor(types.SRV), srvReply(20)).flag_tc).toBe(true);
    expect(read(queryFor(types.SRV), srvReply(20), { truncates: false }).flag_tc).toBe(false);
  });

  test("what is only useful goes before answers do", () => {
    const name = ["n1", "node", "consul"];
    const reply: Reply = {
      ...{ rcode: 0, authoritative: true, authority: [] },
      answers: [{ name, ttlS: 0, data: { type: "A", address: "10.0.0.1" } }],
      additional: [{ name, ttlS: 0, data: { type: "TXT", text: "x".repeat(600) } }],
    };
    const got = read(queryFor(types.A), reply);
    expect(got.answers).toHaveLength(1);
    expect(got.additionals).toHaveLength(0);
    expect(got.flag_tc).toBe(false);
    expect(read(queryFor(types.A, 1_232), reply).additionals).toHaveLength(2);
  });

  test("when not even one record fits, the client is told to ask over TCP, whatever is set", () => {
    const answers: ResourceRecord[] = [{ name: ["a"], ttlS: 0, data: { type: "TXT", text: "x".repeat(600) } }];
    const reply: Reply = { ...srvReply(0), answers };
    const got = read(queryFor(types.TXT), reply, { truncates: false });
    expect(got).toMatchObject({ answers: [], flag_tc: true });
    expect(read(queryFor(types.TXT), reply, { network: "tcp" }).answers).toHaveLength(1);
  });
});

test("over TCP all is told that a message can hold, and what is useful goes first", () => {
  expect(read(queryFor(types.SRV), srvReply(300), { network: "tcp" }).answers).toHaveLength(300);
  const most = read(queryFor(types.SRV), srvReply(1_500), { network: "tcp" });
  expect(most.bytes).toBeLessThan(65_536);
  expect(most.answers?.length).toBeGreaterThan(700);
  expect(most.additionals).toHaveLength(most.answers?.length ?? 0);
});
