import { describe, expect, test } from "bun:test";
import { OperatingError } from "../../../src/lib/errors.ts";
import { expandTemplate } from "../../../src/config/sockaddr/template.ts";
import { readRecording } from "./recording.ts";

const { addresses, templates } = await readRecording();

function outcome(template: string, set: string): string {
  try {
    return expandTemplate(template, addresses[set] ?? [])
      .trim()
      .split(/\s+/)
      .join(" ");
  } catch (error) {
    if (error instanceof OperatingError) return "refused";
    throw error;
  }
}

const olderLibrary = 'the Consul that was asked is built with a go-sockaddr that is older than math "mask"';
const wholeNumbers = "Praetor's templates take whole numbers only";

/** The templates that Praetor expands differently from Consul, each with the reason. */
const differences: ReadonlyMap<string, string> = new Map([
  ...["4", "20", "28"].map(
    (size) => [`{{ GetAllInterfaces | math "mask" "${size}" | join "string" " " }}`, olderLibrary] as const,
  ),
  ['{{ GetAllInterfaces | limit 1.0 | join "string" " " }}', wholeNumbers],
  ["{{ 1.5 }}", wholeNumbers],
  ['{{ define "x" }}y{{ end }}z', "an address template cannot define further templates"],
]);

describe("an address template", () => {
  test.each(templates.map(({ template, outcomes }) => [template, outcomes] as const))(
    "expands as in Consul for every set of interfaces: %s",
    (template, outcomes) => {
      const expected = Object.entries(outcomes).map(([set, said]) => [set, "error" in said ? "refused" : said.words]);
      expect(expected).not.toEqual([]);
      const outcomesHere = Object.keys(outcomes).map((set) => [set, outcome(template, set)]);
      if (differences.has(template)) expect(outcomesHere).not.toEqual(expected);
      else expect(outcomesHere).toEqual(expected);
    },
  );
});
