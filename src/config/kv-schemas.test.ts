import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileKvSchemas } from "./kv-schemas.ts";
import { loadConfig } from "./load.ts";
import type { RuntimeConfig } from "./runtime-config.ts";

const folder = mkdtempSync(join(tmpdir(), "kv-schemas-"));
const file = join(folder, "schema.json");
afterAll(() => rmSync(folder, { recursive: true }));

function load(hcl: string): RuntimeConfig {
  return loadConfig({ args: ["-dev", "-hcl", hcl], env: {}, hostname: "host", interfaces: () => [] });
}

/** Loads a configuration that binds a schema to a prefix, and returns what is wrong with a value. */
async function ruleFor(
  schema: unknown,
  at: { prefix: string; key: string; value: string },
): Promise<string | undefined> {
  writeFileSync(file, JSON.stringify(schema));
  const { kvSchemas } = load(`kv_schemas { files { "${at.prefix}" = "${file}" } }`);
  return (await compileKvSchemas(kvSchemas))?.faultOf(at.key, new TextEncoder().encode(at.value))?.rule;
}

const integer = { type: "integer" };

describe("a schema", () => {
  test("holds for its key and for the keys below it, and for no other", async () => {
    for (const prefix of ["app", "app/"])
      for (const [key, isBound] of [
        ["app", true],
        ["app/a", true],
        ["app/a/b", true],
        ["app2", false],
        ["ap", false],
      ] as const)
        expect(await ruleFor(integer, { prefix, key, value: "x" })).toBe(
          isBound ? 'the schema of "app": must be integer' : undefined,
        );
    expect(await ruleFor(integer, { prefix: "", key: "any/key", value: "x" })).toContain("must be integer");
  });

  test("of a folder holds for the settings in it", async () => {
    const schema = { properties: { Service: { properties: { Port: { ...integer, maximum: 65_535 } } } } };
    const port = { prefix: "app", key: "app/Service/Port" };
    expect(await ruleFor(schema, { ...port, value: "48080" })).toBeUndefined();
    expect(await ruleFor(schema, { ...port, value: "70000" })).toBe(
      'the schema of "app" at /properties/Service/properties/Port: must be <= 65535',
    );
    expect(await ruleFor(schema, { ...port, key: "app/Service", value: '{"Port": "x"}' })).toContain("must be integer");
    expect(await ruleFor({ additionalProperties: false }, { ...port, value: "x" })).toContain("must not be there");
  });

  test("sees the value as JSON if it is JSON, and as text if it is none or the schema takes text", async () => {
    const at = { prefix: "a", key: "a" };
    expect(await ruleFor({ type: ["string", "object"] }, { ...at, value: "{" })).toBeUndefined();
    expect(await ruleFor({ type: "object" }, { ...at, value: "{}" })).toBeUndefined();
    expect(await ruleFor({ type: "string" }, { ...at, value: "12" })).toBeUndefined();
    expect(await ruleFor({ type: ["string", "null"] }, { ...at, value: "12" })).toContain("must be string,null");
    expect(await ruleFor({ type: "string", enum: ["INFO"] }, { ...at, value: '"INFO"' })).toContain("allowed values");
  });

  test("holds for no key that stands for an empty folder", async () => {
    expect(await ruleFor(integer, { prefix: "a", key: "a/b/", value: "" })).toBeUndefined();
    expect(await ruleFor(integer, { prefix: "a", key: "a/b/", value: "x" })).toBeDefined();
    expect(await ruleFor(integer, { prefix: "a", key: "a/b", value: "" })).toBeDefined();
  });
});

test("nothing is checked unless a schema is bound, or EdgeX's types are switched on", async () => {
  expect(load("").kvSchemas).toBeUndefined();
  expect(await compileKvSchemas(undefined)).toBeUndefined();
  const { kvSchemas, warnings } = load('kv_schemas { mode = "enforce" }');
  expect(kvSchemas).toBeUndefined();
  expect(warnings.join("\n")).toContain(
    "kv_schemas.mode has no effect without kv_schemas.edgex or kv_schemas.files (flags-0.hcl:1)",
  );
  expect(load("kv_schemas { edgex = true }").kvSchemas).toEqual({ isEnforced: false, coversEdgex: true, schemas: [] });
});

test.each([
  [
    "an unknown mode",
    'kv_schemas { mode = "off" }',
    'kv_schemas.mode: "off" is no mode. It is one of observe and enforce (flags-0.hcl:1)',
  ],
  ["a missing file", `kv_schemas { files { a = "${folder}/none" } }`, `cannot read the schema of "a": `],
])("%s is a fault of the configuration", (_, hcl, text) => {
  expect(() => load(hcl)).toThrow(text);
});

test.each([
  ["no JSON", '{\n "type": }', "At 2:10: "],
  [
    "an unknown type",
    '{\n "properties": {\n  "a": {"type": "integr"}}}',
    "At 3:9: unusable schema: must be equal to one of",
  ],
  ["an unknown keyword", '{"minimun": 1}', 'At 1:1: unusable schema: strict mode: unknown keyword: "minimun"'],
  ["a reference that cannot be read", '{"$ref": "#/%zz"}', "unusable schema: "],
])("a schema with %s is refused with its file, line and column", async (_, text, fault) => {
  writeFileSync(file, text);
  const { kvSchemas } = load(`kv_schemas { files { a = "${file}" } }`);
  const error = await compileKvSchemas(kvSchemas).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "invalid-config-file" });
  expect(String(error)).toContain(`failed to parse ${file}: `);
  expect(String(error)).toContain(fault);
});
