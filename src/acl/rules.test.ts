import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseRules, RulesError } from "./rules.ts";
import { translateRules } from "./translate.ts";

describe("a policy's text", () => {
  test("whatever it holds, is read or refused with a RulesError", () => {
    const pieces = fc.constantFrom(
      ...[
        "key",
        "key_prefix",
        "service",
        "acl",
        "policy",
        "intentions",
        '"a"',
        '"read"',
        " = ",
        "{",
        "}",
        "[",
        "]",
        ",",
      ],
      ...['{"key":', ":", "# c\n", "/* d */", "\n", "<<E\n", "\nE\n", "1", "true", "null"],
    );
    const texts = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(texts, (text) => {
        for (const read of [parseRules, translateRules]) {
          try {
            read(text);
          } catch (error) {
            expect(error).toBeInstanceOf(RulesError);
          }
        }
      }),
    );
  });

  test("has a limit of nesting, so that no policy exhausts the stack", () => {
    for (const text of ["a {".repeat(100_000), `{"a":${"[".repeat(100_000)}`])
      expect(() => parseRules(text)).toThrow("more than 64 levels of nesting");
  });

  test("when translated twice, stays as it is the first time", () => {
    const text = '# c\nkey "a" { policy = "read" } # d\nservice "b" {\n policy = "write"\n intentions = "read" # e\n}';
    const once = translateRules(text);
    expect(translateRules(once)).toBe(once);
  });
});
