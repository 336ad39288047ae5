import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { patienceMs } from "../../test/support/patience.ts";
import { OperatingError } from "../lib/errors.ts";
import { plainValue } from "./syntax-tree.ts";
import { parseHcl } from "./hcl.ts";

function plain(text: string): unknown {
  return plainValue(parseHcl(text, "a.hcl"));
}

describe("the HCL parser", () => {
  test("assignments, blocks and labels become objects", () => {
    const text = `
      # one comment
      name = "n1" // another
      ports { http = 1, dns = 2 }
      /* and
         a third */
      service "web" "a" { port = 80 }`;
    expect(plain(text)).toEqual({ name: "n1", ports: { http: 1, dns: 2 }, service: { web: { a: { port: 80 } } } });
  });

  test("repeated blocks and lists are joined, and the last value of a repeated scalar wins", () => {
    expect(plain("a { x = 1 }\na { y = 2 }\nb = [1]\nb = [2]\nc = 1\nc = 2")).toEqual({
      a: [{ x: 1 }, { y: 2 }],
      b: [1, 2],
      c: 2,
    });
  });

  test("numbers are decimal, hexadecimal, octal or floats", () => {
    expect(plain("a = [10, 0x1F, 0644, -3, 1.5, 1e3, .5, 2.]")).toEqual({ a: [10, 31, 420, -3, 1.5, 1000, 0.5, 2] });
  });

  test("an invalid number of 100,000 digits is refused without delay", () => {
    const startMs = performance.now();
    expect(() => parseHcl(`a = ${"1".repeat(100_000)}x`, "a.hcl")).toThrow("invalid number");
    expect(performance.now() - startMs).toBeLessThan(patienceMs(1_000));
  });

  test("a list may begin and end with a comma", () => {
    expect(plain("a = [,1,]\nb = []")).toEqual({ a: [1], b: [] });
  });

  test("Go's escapes in strings are decoded, and interpolations stay as written", () => {
    expect(plain('a = "x\\u0020y\\x41\\101\\"\\n"')).toEqual({ a: 'x yAA"\n' });
    expect(plain('a = "${f("x")}" b = "$${x}" c = "${\\n}"')).toEqual({ a: '${f("x")}', b: "$${x}", c: "${\\n}" });
  });

  test("a heredoc ends at its marker, and <<- removes the indentation of the closing marker from each line", () => {
    expect(plain("a = <<EOF\nx\n  y\nEOF\nb = 1")).toEqual({ a: "x\n  y\n", b: 1 });
    expect(plain("a = <<-EOF\n    x\n   y\n   EOF\n")).toEqual({ a: " x\ny\n" });
    expect(plain("a = [<<E\nx\nE\n, 2]")).toEqual({ a: ["x\n", 2] });
  });

  test("a file that begins with a brace is JSON, in which commas are optional and HCL's comments allowed", () => {
    const text = '# made by a tool\n{"a": null, "b": {"c": [1, "x", {"d": true}]}\n "e": -1.5,}';
    expect(plain(text)).toEqual({ a: null, b: { c: [1, "x", { d: true }] }, e: -1.5 });
    expect(plain("{}")).toEqual({});
    expect(plain(' {"a": {"x": 1}, "a": {"y": 2}}')).toEqual({ a: [{ x: 1 }, { y: 2 }] });
  });

  test("a heredoc in a file with CRLF line ends has no carriage returns", () => {
    expect(plain("a = <<EOF\r\nx\r\ny\r\nEOF\r\nb = 1")).toEqual({ a: "x\ny\n", b: 1 });
  });

  const faults: readonly (readonly [text: string, message: string])[] = [
    ['a = "x\n', "At 1:7: literal not terminated"],
    ['a = 1\nb = "\\q"', "At 2:7: illegal char escape"],
    ["a = <<EOF\nx", "At 2:2: heredoc not terminated"],
    ["/* x", "At 1:5: comment not terminated"],
    ["a = foo", "At 1:5: Unknown token: 1:5 IDENT foo"],
    ["a =", "At 1:4: Unknown token: 1:4 EOF "],
    ["a b c", "At 1:7: key 'a b c' expected start of object ('{') or assignment ('=')"],
    ["a b = 3", "At 1:5: nested object expected: LBRACE got: ASSIGN"],
    ["ports {\n http = 1\n", "At 3:2: object expected closing RBRACE got: EOF"],
    ["}", "At 1:1: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE"],
    ["= 3", "At 1:1: no object keys found!"],
    ['a = ["x" "y"]', "At 1:10: error parsing list, expected comma or list end, got: STRING"],
    ["a = 08", "At 1:5: invalid number 08"],
    ['{"a": 1}\n{"b": 2}', "At 2:1: expected: EOF got: LBRACE"],
    ['{"a": 1}\nb = 2', "At 2:1: illegal char"],
    ['{"a": {"b": 1', "At 1:17: object expected closing RBRACE got: EOF"],
    ['{"a" = 1}', "At 1:6: illegal char: ="],
    ['{"a" "b": 1}', "At 1:6: expected: COLON got: STRING"],
    ['a = {"b": 1}', "At 1:9: illegal char"],
    ["a = null", "At 1:5: Unknown token: 1:5 IDENT null"],
    ["a = 1; b = 2", "At 1:6: illegal char"],
  ];
  test.each(faults)("%j is refused with its line and column", (text, message) => {
    const error = new OperatingError("invalid", "invalid-config-file", `failed to parse a.hcl: ${message}`);
    expect(() => plain(text)).toThrow(error);
  });

  test("nesting has a limit, so no file can exhaust the stack", () => {
    for (const text of [`a = ${"[".repeat(100_000)}`, "a {".repeat(100_000), `${"a ".repeat(100_000)} {}`])
      expect(() => plain(text)).toThrow("more than 64 levels of nesting");
  });

  test("any text is parsed or refused with an OperatingError", () => {
    const pieces = fc.constantFrom(
      "a",
      " = ",
      "{",
      "}",
      "[",
      "]",
      ",",
      '"',
      "${",
      "\\",
      "<<E\n",
      "\nE\n",
      "0x",
      "1e",
      "#",
      "/*",
    );
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(pieces).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          plain(text);
        } catch (error) {
          expect(error).toBeInstanceOf(OperatingError);
        }
      }),
    );
  });

  test("any JSON object can be written in HCL and reads back equal", () => {
    const scalar = fc.oneof(
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.string(),
    );
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        scalar,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 4, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { noNullPrototype: true }), (object) => {
        fc.pre(!JSON.stringify(object).includes("${"));
        expect(plain(body(object))).toEqual(withoutSingleLists(JSON.parse(JSON.stringify(object))));
      }),
    );
  });
});

type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };

function body(object: Readonly<Record<string, Json>>): string {
  return Object.entries(object)
    .map(([key, value]) => `${JSON.stringify(key)} = ${write(value)}\n`)
    .join("");
}

function write(value: Json): string {
  if (typeof value !== "object") return JSON.stringify(value);
  return isList(value) ? `[${value.map(write).join(", ")}]` : `{ ${body(value)} }`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Replaces each list of one object by that object, for comparisons: HCL reads the list and the object alike. */
function withoutSingleLists(value: Json): Json {
  if (typeof value !== "object") return value;
  if (!isList(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutSingleLists(item)]));
  let only: Json = value;
  while (isList(only) && only.length === 1 && only[0] !== undefined) only = only[0];
  return typeof only === "object" && !isList(only) ? withoutSingleLists(only) : value.map(withoutSingleLists);
}
