import { expect, test } from "bun:test";
import { LeafSchemas } from "./leaf-schemas.ts";

const integer = { type: "integer" };

function pointers(schema: unknown, path: string): readonly string[] {
  return new LeafSchemas(schema).partsFor(path === "" ? [] : path.split("/")).map(({ pointer }) => pointer);
}

test.each([
  ["properties", { properties: { a: { properties: { b: integer } } } }, "a/b", ["/properties/a/properties/b"]],
  [
    "each pattern",
    { patternProperties: { "^a": integer, b$: true } },
    "ab",
    ["/patternProperties/^a", "/patternProperties/b$"],
  ],
  ["additionalProperties", { properties: { a: true }, additionalProperties: false }, "b", ["/additionalProperties"]],
  [
    "properties before additionalProperties",
    { properties: { a: true }, additionalProperties: false },
    "a",
    ["/properties/a"],
  ],
  ["a reference", { $ref: "#/$defs/x", $defs: { x: { properties: { a: integer } } } }, "a", ["/$defs/x/properties/a"]],
  ["allOf", { type: "object", allOf: [{ properties: { a: integer } }] }, "a", ["/allOf/0/properties/a"]],
  ["a schema without the three keywords", integer, "a/b", [""]],
  ["a leaf above the key", { properties: { a: integer } }, "a/b", ["/properties/a"]],
  ["the folder itself", { properties: { a: integer } }, "", [""]],
  ["a name with a tilde", { properties: { "~": integer } }, "~", ["/properties/~0"]],
  ["a name with an empty part", { properties: { "": integer } }, "/", ["/properties/"]],
] as const)("%s leads to the part for a key", (_, schema, path, expected) => {
  expect(pointers(schema, path)).toEqual([...expected]);
});

test.each([
  ["a name of which the schema says nothing", { properties: { a: integer } }, "b"],
  ["a name that every object has", { properties: { a: integer } }, "constructor"],
  ["a reference to nothing", { allOf: [{ $ref: "#/nothing/at/all" }], properties: { a: true } }, "b"],
])("%s leads to no part", (_, schema, path) => {
  expect(pointers(schema, path)).toEqual([]);
});

test("a schema that refers to itself ends with the key", () => {
  const tree = { properties: { child: { $ref: "#" }, value: integer }, allOf: [{ $ref: "#" }] };
  expect(pointers(tree, "child/child/value")).toEqual(["/properties/value"]);
});

test("a part takes text if its type is string, also behind a reference", () => {
  const schema = {
    $defs: { name: { type: "string" } },
    properties: { a: { type: "string" }, b: { $ref: "#/$defs/name" }, c: integer },
  };
  const leaves = new LeafSchemas(schema);
  expect(["a", "b", "c"].map((name) => leaves.partsFor([name])[0]?.takesText)).toEqual([true, true, false]);
});
