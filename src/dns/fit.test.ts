import { describe, expect, test } from "bun:test";
import { decode, type DecodedPacket } from "dns-packet";
import fc from "fast-check";
import { encodeFitting, type FitOptions } from "./fit.ts";
import { types, type DnsQuery, type Reply, type ResourceRecord } from "./message.ts";

const options: FitOptions = {
  ...{ network: "udp", recursionAvailable: false, subnetScope: 0, udpAnswersMax: 3, truncates: true, compresses: true },
};

function queryFor(type: number, udpBytes?: number): DnsQuery {
  const edns = udpBytes === undefined ? undefined : { udpBytes, subnet: undefined };
  return { id: 1, flags: 0, question: { name: ["web", "service", "consul"], type, class: 1 }, edns };
}

/** Returns a reply with `count` SRV records, and an A and a TXT record of each target as additional records. */
function srvReply(count: number): Reply {
  const targets = Array.from({ length: count }, (_, at) => [`n${at}`, "node", "dc1", "consul"]);
  return {
    ...{ rcode: 0, authoritative: true, authority: [], canBePartial: true },
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

function read(query: DnsQuery, reply: Reply, changes: Partial<FitOptions> = {}): DecodedPacket & { bytes: number } {
  const message = encodeFitting(query, reply, { ...options, ...changes }) ?? new Uint8Array();
  return { ...decode(Buffer.from(message)), bytes: message.length };
}

describe("over UDP", () => {
  test("a reply has whole records only, fits the client's UDP size, and sets TC if answers are left out", () => {
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

  test("a client without EDNS gets udp_answer_limit instances, at most eight", () => {
    expect(read(queryFor(types.SRV), srvReply(20)).answers).toHaveLength(3);
    expect(read(queryFor(types.SRV), srvReply(20), { udpAnswersMax: 1 }).answers).toHaveLength(1);
    const eight = read(queryFor(types.SRV), srvReply(20), { udpAnswersMax: 100 }).answers?.length ?? 0;
    expect(eight).toBeWithin(4, 9);
    expect(read(queryFor(types.SRV), { ...srvReply(5), canBePartial: false }).answers?.length).toBeGreaterThan(3);
  });

  test("TC is set when some answers are left out for lack of room, but only if enable_truncate is set", () => {
    expect(read(queryFor(types.SRV), srvReply(20)).flag_tc).toBe(true);
    expect(read(queryFor(types.SRV), srvReply(20), { truncates: false }).flag_tc).toBe(false);
  });

  test("additional records are left out before answers", () => {
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

  test("TC is set when no record fits, even without enable_truncate", () => {
    const answers: ResourceRecord[] = [{ name: ["a"], ttlS: 0, data: { type: "TXT", text: "x".repeat(600) } }];
    const reply: Reply = { ...srvReply(0), answers };
    const got = read(queryFor(types.TXT), reply, { truncates: false });
    expect(got).toMatchObject({ answers: [], flag_tc: true });
    expect(read(queryFor(types.TXT), reply, { network: "tcp" }).answers).toHaveLength(1);
  });
});

test("over TCP a reply has as many records as a message can hold, and TXT records are left out before answers", () => {
  expect(read(queryFor(types.SRV), srvReply(300), { network: "tcp" }).answers).toHaveLength(300);
  const most = read(queryFor(types.SRV), srvReply(1_500), { network: "tcp" });
  expect(most.bytes).toBeLessThan(65_536);
  expect(most.answers?.length).toBeGreaterThan(700);
  expect(most.additionals).toHaveLength(most.answers?.length ?? 0);
});
