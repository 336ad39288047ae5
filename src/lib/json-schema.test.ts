import { describe, expect, test } from "bun:test";
import { compileJsonSchema, UnusableSchema } from "./json-schema.ts";

const draft07 = "http://json-schema.org/draft-07/schema#";

describe("a compiled schema", () => {
  test("says in words without the value what is wrong, and where", async () => {
    const schema = await compileJsonSchema({
      properties: { a: { items: { type: "integer", maximum: 5 } }, level: { enum: ["A", "B"] }, no: false },
    });
    expect(schema.faultOf("", { a: [5, 6] })).toEqual({ message: "must be <= 5", at: "/a/1" });
    expect(schema.faultOf("", { level: "C" })).toEqual({
      message: 'must be equal to one of the allowed values: ["A","B"]',
      at: "/level",
    });
    expect(schema.faultOf("", { no: 1 })).toEqual({ message: "must not be there", at: "/no" });
    expect(schema.faultOf("", { a: [5], other: 1 })).toBeUndefined();
  });

  test("has parts, whose references still lead into the whole schema", async () => {
    const schema = await compileJsonSchema({
      $id: "https://example.org/a.json",
      $defs: { port: { type: "integer" } },
      properties: { "a/b~c d%": { $ref: "#/$defs/port" }, yes: true },
      additionalProperties: { allOf: [{ $ref: "#/$defs/port" }] },
    });
    expect(schema.faultOf("/properties/a~1b~0c d%", "x")).toEqual({ message: "must be integer", at: "" });
    expect(schema.faultOf("/additionalProperties", "x")?.message).toBe("must be integer");
    expect(schema.faultOf("/properties/yes", "x")).toBeUndefined();
    expect(() => schema.faultOf("/properties/none", "x")).toThrow("no part at /properties/none");
  });

  test("follows the draft that it names", async () => {
    const list = { items: [{ type: "integer" }] };
    expect((await compileJsonSchema({ $schema: draft07, ...list })).faultOf("", ["x"])?.at).toBe("/0");
    const prefixed = await compileJsonSchema({ prefixItems: [{ type: "integer" }] });
    expect(prefixed.faultOf("", ["x"])?.at).toBe("/0");
    expect(compileJsonSchema(list)).rejects.toThrow(UnusableSchema);
  });

  test("matches each of its patterns, and in linear time", async () => {
    const schema = await compileJsonSchema({ properties: { a: { pattern: "^(a+)+$" }, b: { pattern: "^b$" } } });
    // A backtracking match would take 2^100000 steps.
    expect(schema.faultOf("", { a: `${"a".repeat(100_000)}!`, b: "b" })?.at).toBe("/a");
    expect(schema.faultOf("", { a: "aa", b: "a" })?.at).toBe("/b");
    expect(schema.faultOf("", { a: "aa", b: "b" })).toBeUndefined();
  });

  test("refuses a value that is nested deeper than a recursive schema can follow", async () => {
    const schema = await compileJsonSchema({ properties: { a: { $ref: "#" } } });
    let value: unknown = 1;
    for (let each = 0; each < 200_000; each += 1) value = { a: value };
    expect(schema.faultOf("", value)?.message).toBe("must not be nested as deeply");
    expect(schema.faultOf("", { a: {} })).toBeUndefined();
  });
});

test.each([
  [
    "an unknown type",
    { type: "object", properties: { a: { type: "integr" } } },
    "/properties/a/type",
    "allowed values",
  ],
  ["an unknown keyword", { minimun: 1 }, "", 'unknown keyword: "minimun"'],
  ["a reference to nothing", { properties: { a: { $ref: "#/x" } } }, "", "can't resolve reference #/x"],
  ["a reference to another file", { $ref: "https://example.org/b.json" }, "", "can't resolve reference"],
  ["an invalid pattern", { pattern: "(" }, "", 'pattern "(": error parsing regexp: missing closing ): `(`'],
  ["a pattern that looks ahead", { patternProperties: { "(?=a)": {} } }, "", "unsupported Perl syntax"],
  ["an unknown draft", { $schema: "http://json-schema.org/draft-04/schema#" }, "/$schema", "unknown draft"],
  ["a promise", { $async: true }, "/$async", "unknown keyword $async"],
  ["a number", 3, "", "a schema is an object"],
])("%s makes a schema unusable, with the place where it is known", async (_, schema, pointer, words) => {
  const error = await compileJsonSchema(schema).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnusableSchema);
  expect(error).toMatchObject({ pointer, message: expect.stringContaining(words) });
});
