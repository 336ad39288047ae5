import { expect, test } from "bun:test";
import fc from "fast-check";
import { patienceMs } from "../../../test/support/patience.ts";
import { compileRe2Groups } from "./re2-groups.ts";

function groups(pattern: string, text: string): readonly string[] | undefined {
  const compiled = compileRe2Groups(pattern);
  if ("fault" in compiled) throw new Error(compiled.fault);
  return compiled.match(text);
}

/** Patterns that mean the same to JavaScript, which repeats what matches nothing in another way. */
const { pattern } = fc.letrec<{ pattern: string }>((tie) => {
  const atom = fc.constantFrom("a", "b", ".", "[ab]", "(a)", "(b|a)", "(ab?)", "(?:a|(b))");
  const perhapsNothing = fc.constantFrom("(a*?)", "(.*)", "(b?)", "^", "$");
  const repeat = fc.constantFrom("", "", "?", "??");
  const letter = fc.tuple(
    fc.constantFrom("a", "b", ".", "(?:ab|a)"),
    fc.constantFrom("*", "+", "*?", "+?", "{1,2}", "{1,2}?"),
  );
  const part = fc.oneof(
    fc.tuple(atom, repeat).map((both) => both.join("")),
    perhapsNothing,
    letter.map((both) => both.join("")),
  );
  return {
    pattern: fc.oneof(
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join("")),
      fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `(${a})|${b}`),
    ),
  };
});

test("groups are what JavaScript's own matcher finds", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (any, subject) => {
      const found = new RegExp(any, "u").exec(subject);
      const expected = found ? Array.from(found, (group: string | undefined) => group ?? "") : undefined;
      expect({ any, subject, groups: groups(any, subject) }).toEqual({ any, subject, groups: expected });
    }),
    { numRuns: 3_000 },
  );
});

test.each([
  ["^geo-(.*?)-([^-]+)$", "geo-db-main", ["geo-db-main", "db", "main"]],
  ["(?P<first>a)|(b)", "b", ["b", "", "b"]],
  ["(?:a)(b)", "ab", ["ab", "b"]],
  ["(?U)(a+)(a*)", "aaa", ["a", "a", ""]],
  ["(?U)(a+?)", "aaa", ["aaa", "aaa"]],
  ["(a|ab)(c|bcd)", "abcd", ["abcd", "a", "bcd"]],
  ["(.)$", "\u{1f600}", ["\u{1f600}", "\u{1f600}"]],
  ["x", "abc", undefined],
])("%s finds in %j the groups %j", (re2, subject, expected) => {
  expect(groups(re2, subject)).toEqual(expected);
});

test("a hostile pattern does not take exponential time", () => {
  const start = performance.now();
  expect(groups("^(a|a)*(a+)+$", `${"a".repeat(2_000)}b`)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(patienceMs(2_000));
});

test("a pattern that is none is refused", () => {
  expect(compileRe2Groups("(")).toEqual({ fault: "error parsing regexp: missing closing ): `(`" });
});
