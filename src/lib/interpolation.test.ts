import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { OperatingError } from "./errors.ts";
import { evaluateInterpolation, parseInterpolation } from "./interpolation.ts";

const scope = {
  variables: new Map([
    ["name.full", "geo-db"],
    ["digit", "2"],
  ]),
  functions: new Map([["match", (index: number) => ["whole", "one", "two"][index] ?? ""]]),
};

function interpolate(text: string): string {
  return evaluateInterpolation(parseInterpolation(text), scope);
}

describe("a text with embedded expressions", () => {
  test.each([
    ["", ""],
    ["plain } text", "plain } text"],
    ["$x a$", "$x a$"],
    ["${name.full}", "geo-db"],
    ["a ${ name.full } b}", "a geo-db b}"],
    ["$${name.full}", "${name.full}"],
    ["$$${name.full}", "$geo-db"],
    ["\\${name.full}", "\\geo-db"],
    ["${match(0)}-${match (1)}-${match( 2 )}", "whole-one-two"],
    ["${match(3)}", ""],
    ['${match(digit)}${match("1")}${match(010)}', "twoone"],
    ["${match(,1)}", "one"],
    ["${(match((1)))}", "one"],
    ["${7}", "7"],
    ['${"a" "b\\n\\"\\\\\\x"}', 'ab\n"\\\\x'],
    ['${"a${"b${name.full}"}c"}', "abgeo-dbc"],
    ['${""}', ""],
  ])("such as %j evaluates to %j", (text, expected) => {
    expect(interpolate(text)).toBe(expected);
  });

  test.each([
    "${",
    "${}",
    "${name.full",
    "${match(1}",
    "${match(1,)}",
    "${match 1}",
    "${a b}",
    "${@}",
    '${"a}',
    "${08}",
    "${1.5}",
    "${99999999999999999999}",
    `\${${"(".repeat(200)}1${")".repeat(200)}}`,
  ])("such as %j is refused as a syntax error", (text) => {
    expect(() => parseInterpolation(text)).toThrow("parse error: syntax error");
  });

  test.each([
    ["x${nope}", "1:4: unknown variable accessed: nope"],
    ["a\nbc${nope}", "2:6: unknown variable accessed: nope"],
    ["${ nope }", "1:3: unknown variable accessed: nope"],
    ["${nope(1)}", "1:3: unknown function called: nope"],
    ["${nope(other)}", "1:8: unknown variable accessed: other"],
    ["${match()}", "1:3: match: expected 1 arguments, got 0"],
    ["${match(1,2)}", "1:3: match: expected 1 arguments, got 2"],
    ["${match(name.full)}", '__builtin_StringToInt: strconv.ParseInt: parsing "geo-db": invalid syntax'],
  ])("such as %j cannot be evaluated: %s", (text, fault) => {
    expect(() => interpolate(text)).toThrow(fault);
  });

  test("evaluates or throws an OperatingError, whatever its characters", () => {
    const piece = fc.constantFrom("${", "}", "$$", '"', "(", ")", ",", "match", "name.full", "1", "\\", " ", "\n", "é");
    const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, (any) => {
        try {
          expect(interpolate(any)).toBeString();
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(OperatingError);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
