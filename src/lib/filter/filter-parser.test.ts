import { expect, test } from "bun:test";
import fc from "fast-check";
import { patienceMs } from "../../../test/support/patience.ts";
import { OperatingError } from "../errors.ts";
import type { FilterNode } from "./filter-ast.ts";
import { parseFilter } from "./filter-parser.ts";

const name = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9_]{0,5}$/);
const key = fc.string({ unit: "binary", maxLength: 6 }).map((text) => text.toWellFormed());

const match: fc.Arbitrary<FilterNode> = fc
  .record({
    kind: fc.constant("match" as const),
    selector: fc.tuple(name, fc.array(fc.oneof(name, key), { maxLength: 2 })).map(([first, rest]) => [first, ...rest]),
    operator: fc.constantFrom("equal" as const, "in" as const, "is-empty" as const, "matches" as const),
    negated: fc.boolean(),
    value: key,
  })
  .map((node) => (node.operator === "is-empty" ? { ...node, value: "" } : node));

const { node: tree } = fc.letrec<{ node: FilterNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small" },
    match,
    fc.record({ kind: fc.constant("not" as const), term: tie("node") }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      terms: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

test("a filter's syntax tree that is printed as text parses to the same tree", () => {
  fc.assert(
    fc.property(tree, (node) => {
      expect(parseFilter(print(node))).toEqual(node);
    }),
  );
});

test("any text parses as a filter or throws a filter error, never another error", () => {
  const word = fc.constantFrom(
    "not",
    "and",
    "or",
    "in",
    "is",
    "empty",
    "a",
    "==",
    "(",
    ")",
    "[",
    "]",
    '"',
    "`",
    "1",
    " ",
    ".",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 40 }).map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(text, (any) => {
      expect(readable(any)).toBeBoolean();
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ["( ", ""],
  ["(", " == "],
  ["not ", ""],
  ["a == b or ", ""],
  ["a == b and (", ""],
  ["a[", ""],
  ["1", ""],
  ["a in b in ", ""],
])("parsing a filter of many repetitions of %j takes linear time", (piece, end) => {
  const text = piece.repeat(Math.floor(16_000 / piece.length)) + end;
  const start = performance.now();
  expect(readable(text)).toBeBoolean();
  expect(performance.now() - start).toBeLessThan(patienceMs(1_000));
});

test("a filter expression that is too deeply nested or too long is refused", () => {
  expect(() => parseFilter(`${"(".repeat(200)}a == b${")".repeat(200)}`)).toThrow("nested deeper than 100 levels");
  expect(() => parseFilter("a".repeat(20_000))).toThrow("longer than 16384 characters");
});

function readable(text: string): boolean {
  try {
    parseFilter(text);
    return true;
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(OperatingError);
    return false;
  }
}

function print(node: FilterNode): string {
  if (node.kind === "not") return `not (${print(node.term)})`;
  if (node.kind !== "match") return node.terms.map((term) => `(${print(term)})`).join(` ${node.kind} `);
  const selector = node.selector.map((part, at) => (at === 0 ? part : `[${quote(part)}]`)).join("");
  const not = node.negated ? "not " : "";
  switch (node.operator) {
    case "equal":
      return `${selector} ${node.negated ? "!=" : "=="} ${quote(node.value)}`;
    case "in":
      return `${quote(node.value)} ${not}in ${selector}`;
    case "is-empty":
      return `${selector} is ${not}empty`;
    case "matches":
      return `${selector} ${not}matches ${quote(node.value)}`;
  }
}

/** Quotes the text with every character escaped, so that no character can end the string. */
function quote(text: string): string {
  const escaped = Array.from(text, (one) => `\\U${(one.codePointAt(0) ?? 0).toString(16).padStart(8, "0")}`);
  return `"${escaped.join("")}"`;
}
