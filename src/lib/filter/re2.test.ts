import { expect, test } from "bun:test";
import fc from "fast-check";
import { patienceMs } from "../../../test/support/patience.ts";
import { compileRe2 } from "./re2.ts";

function matches(pattern: string, text: string): boolean {
  const compiled = compileRe2(pattern);
  if ("fault" in compiled) throw new Error(compiled.fault);
  return compiled.test(text);
}

function groups(pattern: string, text: string): readonly string[] | undefined {
  const compiled = compileRe2(pattern);
  if ("fault" in compiled) throw new Error(compiled.fault);
  return compiled.match(text);
}

/** Patterns that have the same meaning in RE2 and in JavaScript. */
const { pattern } = fc.letrec<{ pattern: string }>((tie) => {
  const group = tie("pattern").map((inner) => `(?:${inner})`);
  const atom = fc.oneof(
    fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "[a-c]", "\\d", "\\w", "\\n", "1", "^", "$", "\\b"),
    group,
  );
  const repeat = fc.constantFrom("", "", "*", "+", "?", "{2}", "{1,2}", "{0,}", "*?");
  // JavaScript refuses to repeat ^, $ and \b.
  const part = fc.tuple(atom, repeat).map(([one, sign]) => (/^(\^|\$|\\b)$/.test(one) ? one : one + sign));
  return {
    pattern: fc.oneof(
      part,
      fc.array(part, { maxLength: 4 }).map((parts) => parts.join("")),
      fc.tuple(tie("pattern"), tie("pattern")).map((sides) => sides.join("|")),
    ),
  };
});

test("an RE2 pattern matches the same texts as the same pattern of JavaScript", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", "\n", " "), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (any, subject) => {
      expect({ any, subject, matches: matches(any, subject) }).toEqual({
        any,
        subject,
        matches: new RegExp(any, "u").test(subject),
      });
    }),
    { numRuns: 3_000 },
  );
});

test("any text compiles as an RE2 pattern or is refused with a reason", () => {
  const piece = fc.constantFrom(
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\\",
    "?",
    "*",
    "+",
    "P<",
    ":",
    "-",
    "^",
    "a",
    "1",
    ",",
    "[:alpha:]",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(text, (any) => {
      const compiled = compileRe2(any);
      if ("fault" in compiled) expect(compiled.fault).toStartWith("error parsing regexp: ");
      else expect(compiled.test(any)).toBeBoolean();
    }),
    { numRuns: 3_000 },
  );
});

test.each(["(a+)+$", "^(a|a)*$", "(.*a){20}$", "(a?){50}a{50}$"])(
  "the RE2 pattern %s does not take exponential time",
  (hostile) => {
    const start = performance.now();
    expect(matches(hostile, `${"a".repeat(4_000)}b`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(patienceMs(2_000));
  },
);

test("an RE2 pattern whose repetitions expand to too large a program is refused", () => {
  expect(() => matches("((a{100}){100}){100}", "")).toThrow("invalid repeat count: `{100}`");
  expect(() => matches("(".repeat(2_000) + ")".repeat(2_000), "")).toThrow("nests too deeply");
  expect(() => matches("(((){1000}){1000}){1000}", "")).toThrow("expression too large");
});

test.each([
  ["(?i)WEB", "web", true],
  ["(?i:W)eb", "web", true],
  ["(?i:W)eb", "wEb", false],
  ["a(?i)B|C", "c", true],
  ["(?s)a.b", "a\nb", true],
  ["a.b", "a\nb", false],
  ["(?m)^b$", "a\nb", true],
  ["^b$", "a\nb", false],
  ["\\Aab\\z", "ab", true],
  ["\\Q.*\\E", "a.*", true],
  ["\\Q.*\\E", "aa", false],
  ["^\\pL+$", "éß", true],
  ["^\\p{Greek}$", "λ", true],
  ["^\\P{Lu}$", "A", false],
  ["^[[:alpha:]_]+$", "a_b", true],
  ["^[^\\d\\s]$", "5", false],
  ["\\x{1F600}", "\u{1f600}", true],
  ["^.$", "\u{1f600}", true],
  ["(?P<year>\\d{4})", "in 2026", true],
  ["(?i)[a-f]", "E", true],
])("matching the RE2 pattern %s against %j gives %p", (re2, subject, expected) => {
  expect(matches(re2, subject)).toBe(expected);
});

// The expected faults are Consul 1.8.7's answers to a filter with `matches`.
test.each([
  ["(", "missing closing ): `(`"],
  ["a**", "invalid nested repetition operator: `**`"],
  ["x{1001}", "invalid repeat count: `{1001}`"],
  ["[z-a]", "invalid character class range: `z-a`"],
  ["\\8", "invalid escape sequence: `\\8`"],
  ["\\", "trailing backslash at end of expression: ``"],
  ["(?=a)", "invalid or unsupported Perl syntax: `(?=`"],
  ["(?<n>a)", "invalid or unsupported Perl syntax: `(?<`"],
  ["[(]a(?<n>a)", "invalid or unsupported Perl syntax: `(?<`"],
  ["(?<=a)", "invalid or unsupported Perl syntax: `(?<`"],
  ["(?<!a)", "invalid or unsupported Perl syntax: `(?<`"],
])("the RE2 pattern %s is refused: %s", (re2, fault) => {
  expect(compileRe2(re2)).toEqual({ fault: `error parsing regexp: ${fault}` });
});

test.each(["\\(?<n>", "[(?<n>]", "\\Q(?<n>\\E", "\\Q(?<n>", "[]\\](?<]", "[[:alpha:](?<]"])(
  "the text `(?<` within %s does not begin a group",
  (re2) => {
    expect(compileRe2(re2)).not.toHaveProperty("fault");
  },
);

/**
 * Patterns whose groups match the same texts in RE2 and in JavaScript. The two differ only for a pattern that repeats a part that
 * can match nothing, and these patterns repeat no such part.
 */
const { grouped } = fc.letrec<{ grouped: string }>((tie) => {
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
    grouped: fc.oneof(
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join("")),
      fc.tuple(tie("grouped"), tie("grouped")).map(([a, b]) => `(${a})|${b}`),
    ),
  };
});

test("the groups that an RE2 pattern matches are those of JavaScript's regular expression", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
  fc.assert(
    fc.property(grouped, text, (any, subject) => {
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
])("matching the RE2 pattern %s against %j gives the groups %j", (re2, subject, expected) => {
  expect(groups(re2, subject)).toEqual(expected);
});

test("an RE2 pattern with groups does not take exponential time", () => {
  const start = performance.now();
  expect(groups("^(a|a)*(a+)+$", `${"a".repeat(2_000)}b`)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(patienceMs(2_000));
});
