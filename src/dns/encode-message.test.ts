import { describe, expect, test } from "bun:test";
import { decode, encode, type Answer } from "dns-packet";
import fc from "fast-check";
import { recordLines } from "../../test/support/dns-exchange.ts";
import { decodeAnswers, decodeQuery } from "./decode-message.ts";
import { encodeQuestion, encodeReply, type MessageOptions } from "./encode-message.ts";
import { types, type DnsQuery, type RecordContent, type Reply, type ResourceRecord } from "./message.ts";
import type { Name } from "./name.ts";

const label = fc.string({
  unit: fc.constantFrom("a", "b", "c", "X", "Y", "0", "9", "-", "_"),
  minLength: 1,
  maxLength: 20,
});
const name: fc.Arbitrary<Name> = fc.array(label, { minLength: 1, maxLength: 6 });
const number16 = fc.nat(0xffff);
const data: fc.Arbitrary<RecordContent> = fc.oneof(
  fc.record({ type: fc.constant("A" as const), address: fc.ipV4() }),
  fc.record({ type: fc.constant("AAAA" as const), address: fc.constantFrom("2001:db8::1", "::1", "fe80::1:2") }),
  fc.record({ type: fc.constantFrom("CNAME", "NS", "PTR"), target: name }),
  fc.record({ type: fc.constant("SRV" as const), priority: number16, weight: number16, port: number16, target: name }),
  fc.record({ type: fc.constant("TXT" as const), text: fc.string({ unit: "grapheme", maxLength: 120 }) }),
  fc.record({
    ...{ type: fc.constant("SOA" as const), server: name, mailbox: name, serial: fc.nat(), refresh: fc.nat() },
    ...{ retry: fc.nat(), expire: fc.nat(), minTtl: fc.nat() },
  }),
);
const record: fc.Arbitrary<ResourceRecord> = fc.record({ name, ttlS: fc.nat(), data });
const section = fc.array(record, { maxLength: 5 });
const options: MessageOptions = { recursionAvailable: false, truncated: false, compressed: true, subnetScope: 0 };
const query: DnsQuery = {
  ...{ id: 4711, flags: 0x0100, edns: undefined },
  question: { name: ["web", "service", "consul"], type: types.A, class: 1 },
};
const empty: Reply = { rcode: 0, authoritative: true, answers: [], authority: [], additional: [] };

describe("a reply", () => {
  test("is decoded by dns-packet to the records that were encoded, whether compressed or not", () => {
    fc.assert(
      fc.property(section, section, section, fc.boolean(), (answers, authority, additional, compressed) => {
        const reply: Reply = { ...empty, answers, authority, additional };
        const packet = encodeReply(query, reply, { ...options, compressed });
        const read = decode(Buffer.from(packet ?? []));
        expect(read.id).toBe(4711);
        expect(recordLines(read.answers)).toEqual(linesOf(answers));
        expect(recordLines(read.authorities)).toEqual(linesOf(authority));
        expect(recordLines(read.additionals)).toEqual(linesOf(additional));
      }),
    );
  });

  test("is not longer when compressed, and repeats the letter case of the question", () => {
    fc.assert(
      fc.property(section, (answers) => {
        const question = { ...query.question, name: ["WeB", "service", "CONSUL"] };
        const [short, long] = [true, false].map((compressed) =>
          encodeReply({ ...query, question }, { ...empty, answers }, { ...options, compressed }),
        );
        expect(short?.length).toBeLessThanOrEqual(long?.length ?? 0);
        expect(decode(Buffer.from(short ?? [])).questions?.[0]?.name).toBe("WeB.service.CONSUL");
      }),
    );
  });

  test("longer than 65535 octets is not encoded", () => {
    const text = "x".repeat(1_000);
    const many = Array.from({ length: 100 }, (): ResourceRecord => ({
      name: ["a"],
      ttlS: 0,
      data: { type: "TXT", text },
    }));
    expect(encodeReply(query, { ...empty, answers: many }, options)).toBeUndefined();
    expect(encodeReply(query, { ...empty, answers: many.slice(0, 60) }, options)).toBeDefined();
  });

  test("has the flags and the response code that its options set", () => {
    const flags = (changes: Partial<MessageOptions>, reply: Partial<Reply> = {}): number =>
      Buffer.from(encodeReply(query, { ...empty, ...reply }, { ...options, ...changes }) ?? []).readUInt16BE(2);
    expect(flags({})).toBe(0x8500);
    expect(flags({ truncated: true, recursionAvailable: true })).toBe(0x8780);
    expect(flags({}, { authoritative: false, rcode: 5 })).toBe(0x8105);
  });

  test("splits a text longer than 255 octets into several strings", () => {
    const answers: ResourceRecord[] = [{ name: ["a"], ttlS: 0, data: { type: "TXT", text: "y".repeat(600) } }];
    const read = decode(Buffer.from(encodeReply(query, { ...empty, answers }, options) ?? []));
    const data = read.answers?.flatMap((each) => (each.type === "TXT" ? each.data : []));
    expect(data?.map((part) => part.length)).toEqual([255, 255, 90]);
  });
});

describe("a query", () => {
  test("that dns-packet encoded is decoded to the same question and EDNS size", () => {
    fc.assert(
      fc.property(name, number16, fc.integer({ min: 1, max: 0xffff }), fc.boolean(), (labels, id, udpBytes, edns) => {
        const opt = { type: "OPT", name: ".", udpPayloadSize: udpBytes, flags: 0, options: [] } as unknown as Answer;
        const packet = encode({
          ...{ type: "query", id, questions: [{ name: labels.join("."), type: "SRV" }] },
          additionals: edns ? [opt] : [],
        });
        expect(decodeQuery(packet)).toEqual({
          kind: "query",
          query: {
            ...{ id, flags: 0, question: { name: labels, type: types.SRV, class: 1 } },
            edns: edns ? { udpBytes, subnet: undefined } : undefined,
          },
        });
      }),
    );
  });

  test("to a recursor is decoded by dns-packet to the same question", () => {
    const read = decode(Buffer.from(encodeQuestion(99, ["a", "example", "com"], types.A) ?? []));
    expect(read).toMatchObject({
      id: 99,
      flag_rd: true,
      questions: [{ name: "a.example.com", type: "A", class: "IN" }],
    });
  });

  test("of random octets is decoded, refused or ignored, without an exception", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => {
        expect(decodeQuery(octets).kind).toBeOneOf(["query", "refused", "ignored"]);
        decodeAnswers(octets);
      }),
      { numRuns: 2_000 },
    );
  });
});

test("CNAME, A and AAAA records of a response are decoded, and records of other types skipped", () => {
  const packet = encode({
    ...{ type: "response", id: 1, questions: [{ name: "a.example.com", type: "A" }] },
    answers: [
      { name: "a.example.com", type: "CNAME", ttl: 60, data: "b.example.com" },
      { name: "b.example.com", type: "MX", ttl: 60, data: { preference: 1, exchange: "mail.example.com" } },
      { name: "b.example.com", type: "A", ttl: 30, data: "192.0.2.1" },
      { name: "b.example.com", type: "AAAA", ttl: 30, data: "2001:db8::1" },
    ],
  });
  expect(decodeAnswers(packet)).toEqual([
    { name: ["a", "example", "com"], ttlS: 60, data: { type: "CNAME", target: ["b", "example", "com"] } },
    { name: ["b", "example", "com"], ttlS: 30, data: { type: "A", address: "192.0.2.1" } },
    { name: ["b", "example", "com"], ttlS: 30, data: { type: "AAAA", address: "2001:db8::1" } },
  ]);
  expect(decodeAnswers(packet.subarray(0, -3))).toBeUndefined();
});

function linesOf(records: readonly ResourceRecord[]): readonly string[] {
  return records.map(lineOf).toSorted();
}

function lineOf({ name: labels, ttlS, data: said }: ResourceRecord): string {
  const start = `${labels.join(".")} ${ttlS} ${said.type}`;
  switch (said.type) {
    case "A":
    case "AAAA":
      return `${start} ${said.address}`;
    case "CNAME":
    case "NS":
    case "PTR":
      return `${start} ${said.target.join(".")}`;
    case "SRV": {
      const { priority, weight, port, target } = said;
      return `${start} ${JSON.stringify({ priority, weight, port, target: target.join(".") })}`;
    }
    case "TXT":
      return `${start} ${textOf(said.text)}`;
    case "SOA": {
      const { server, mailbox, refresh, retry, expire, minTtl } = said;
      const names = { mname: server.join("."), rname: mailbox.join(".") };
      return `${start} ${JSON.stringify({ ...names, refresh, retry, expire, minimum: minTtl })}`;
    }
  }
}

/**
 * Formats the text of a TXT record as `recordLines` formats a record that dns-packet decoded: its strings of at most 255 octets,
 * separated by spaces.
 */
function textOf(text: string): string {
  const octets = Buffer.from(text);
  const strings = [
    octets.subarray(0, 255),
    ...(octets.length > 255 ? [octets.subarray(255, 510), octets.subarray(510)] : []),
  ];
  return strings
    .filter((part, at) => at === 0 || part.length > 0)
    .map(String)
    .join(" ");
}
