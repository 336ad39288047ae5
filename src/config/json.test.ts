import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { OperatingError } from "../lib/errors.ts";
import { parseJson } from "./json.ts";
import { plainValue } from "./syntax-tree.ts";

function outcome(text: string): { value: unknown } | { error: unknown } {
  try {
    return { value: plainValue(parseJson(text, "a.json")) };
  } catch (error) {
    return { error };
  }
}

describe("the JSON parser", () => {
  const faults: readonly (readonly [text: string, message: string])[] = [
    ['{"a":1,}', "At 1:8: expected a key in double quotes (a comma before '}' is not allowed) near \"}\""],
    ['{\n "a": 1\n // x\n}', 'At 3:2: comments are not allowed in JSON; use a .hcl file near "// x"'],
    ['{"a" 1}', "At 1:6: expected ':' after the key near \"1}\""],
    ['{"a": 1', "At 1:8: expected '}' near the end of the file"],
    ["{} {}", 'At 1:4: expected nothing after the value near "{}"'],
    ['{"a": yes}', 'At 1:7: invalid character or word near "yes}"'],
  ];
  test.each(faults)("%j is refused with its line and column", (text, message) => {
    const error = new OperatingError("invalid", "invalid-config-file", `failed to parse a.json: ${message}`);
    expect(outcome(text)).toEqual({ error });
  });

  test("an empty file reads as an empty object", () => {
    expect(outcome("")).toEqual({ value: {} });
    expect(outcome(" \n")).toEqual({ value: {} });
  });

  test("the last value of a repeated key wins, with the line and column of that key", () => {
    expect(outcome('{"a":1,"a":2}')).toEqual({ value: { a: 2 } });
    const tree = parseJson('{"a":1,\n "a":2}', "a.json");
    expect(tree.kind === "object" && tree.entries.get("a")?.place).toEqual({ line: 2, column: 2 });
  });

  test("nesting has a limit, so no file can exhaust the stack", () => {
    expect(outcome("[".repeat(100_000))).toMatchObject({ error: { kind: "invalid" } });
    expect(outcome('{"a":'.repeat(100_000))).toMatchObject({ error: { kind: "invalid" } });
  });

  test("any text that JSON.parse refuses is refused with an OperatingError", () => {
    const pieces = fc.constantFrom(
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      '"a"',
      "1",
      "-",
      "0",
      ".5",
      "1e",
      "true",
      "nul",
      " ",
      "\\",
      "//",
      "/*",
      "\n",
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((parts) => parts.join("")),
      fc.json(),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const mine = outcome(text);
        if ("error" in mine) expect(mine.error).toBeInstanceOf(OperatingError);
        else if (text.trim() !== "") JSON.parse(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test("every JSON text is accepted", () => {
    fc.assert(fc.property(fc.json({ maxDepth: 5 }), (text) => "value" in outcome(text)));
  });
});
