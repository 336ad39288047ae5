import { describe, expect, test } from "bun:test";
import { askGroup } from "./ask-group.ts";
import { dnsDifferences, type DnsDifference } from "./differences.ts";
import { questionGroups } from "./questions.ts";
import { readDnsRecording, type DnsExchange } from "./recording.ts";

const isConsul = process.env["CONFORMANCE_TARGET"] === "consul";
const { consul, groups } = await readDnsRecording();

for (const group of questionGroups) {
  const wanted = groups[group.name] ?? [];
  const got = await askGroup(group);

  describe(`the DNS answers to the questions "${group.name}", compared with those of Consul ${consul}`, () => {
    test("belong to the same questions as Consul's recorded answers", () => {
      expect(got.map(({ question }) => question)).toEqual(wanted.map(({ question }) => question));
    });

    for (const [at, exchange] of got.entries()) {
      const said = wanted[at];
      if (said === undefined) continue;
      test(`equal Consul's answers except for listed differences: ${at + 1}: ${exchange.question}`, () => {
        const difference = isConsul ? undefined : differenceAt(group.name, exchange.question);
        const expected = difference?.here(said) ?? said;
        // Where a difference is listed, the length is not compared: it follows from the other parts of the answer.
        const length = difference ? { bytes: exchange.bytes } : {};
        expect(exchange).toEqual({ ...expected, ...length });
        if (difference) expect(exchange).not.toEqual(said);
      });
    }
  });
}

test("the groups of DNS questions have at least 120 questions in total", () => {
  expect(questionGroups.flatMap(({ questions }) => questions).length).toBeGreaterThanOrEqual(120);
});

test("the groups of DNS questions include the question of every listed difference, and each is listed once", () => {
  const listed = dnsDifferences.flatMap(({ where }) =>
    Object.entries(where).flatMap(([group, questions]) => questions.map((question) => `${group}: ${question}`)),
  );
  const asked = questionGroups.flatMap(({ name, questions }) => questions.map((question) => `${name}: ${question}`));
  expect(listed.filter((place) => !asked.includes(place))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
});

function differenceAt(group: string, question: DnsExchange["question"]): DnsDifference | undefined {
  return dnsDifferences.find(({ where }) => where[group]?.includes(question));
}
