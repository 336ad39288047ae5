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

  describe(`${group.name}, with the answers of Consul ${consul}`, () => {
    test("were recorded with the questions of the script", () => {
      expect(got.map(({ question }) => question)).toEqual(wanted.map(({ question }) => question));
    });

    for (const [at, exchange] of got.entries()) {
      const said = wanted[at];
      if (said === undefined) continue;
      test(`${at + 1}: ${exchange.question}`, () => {
        const difference = isConsul ? undefined : differenceAt(group.name, exchange.question);
        const expected = difference?.here(said) ?? said;
        // The length of an answer follows from its other parts.
        const length = difference ? { bytes: exchange.bytes } : {};
        expect(exchange).toEqual({ ...expected, ...length });
        if (difference) expect(exchange).not.toEqual(said);
      });
    }
  });
}

test("the recorded answers include at least 120 questions", () => {
  expect(questionGroups.flatMap(({ questions }) => questions).length).toBeGreaterThanOrEqual(120);
});

test("the recorded answers have a question for every listed difference", () => {
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
