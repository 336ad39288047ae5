import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { compileJsonSchema } from "../lib/json-schema.ts";
import type { FieldType } from "./field.ts";
import { fields } from "./fields.ts";
import { configurationSchema } from "./json-schema.ts";
import { readSource } from "./read-source.ts";

const schema = await compileJsonSchema(configurationSchema());

/** Returns a file with this value at a field such as "ports.http". */
function fileWith(path: string, value: unknown): object {
  return path.split(".").reduceRight((inner, name) => ({ [name]: inner }), value) as object;
}

/** Returns whether the agent reads the file without a fault. */
function isRead(file: object): boolean {
  try {
    const { definitions } = readSource(JSON.stringify(file), "json", { file: "test.json" });
    return definitions.every(({ faults }) => faults.length === 0);
  } catch {
    return false;
  }
}

/** A value of each type as files are to have it. */
const samples: Readonly<Record<FieldType, unknown>> = {
  string: "text",
  bool: true,
  int: -1,
  uint: 1,
  float: 1.5,
  duration: "1h30m",
  strings: ["one", "two"],
  "string map": { a: "b" },
  "duration map": { a: "10s" },
  object: { any: { thing: 1 } },
  objects: [{ a: 1 }, { b: 2 }],
  sinks: { one: { type: "file", path: "audit.json", rotate_duration: "24h" } },
  service: { name: "web", port: 1, check: { ttl: "1m" }, connect: { sidecar_service: { port: 2 } } },
  services: [
    { name: "web", checks: [{ http: "http://127.0.0.1", interval: "10s", header: { a: ["b"] } }] },
    { name: "b" },
  ],
  check: { name: "c", ttl: "1m" },
  checks: [
    { name: "c", args: ["true"], interval: "10s" },
    { name: "d", ttl: "1s" },
  ],
  watches: [{ type: "key", key: "a", args: ["true"] }, { type: "nodes" }],
};

const further = [
  0,
  -1.5,
  "",
  "10",
  "5x",
  [],
  [1],
  {},
  { a: 1 },
  { a: {} },
  { unknown: "field" },
  [{ unknown: 1 }],
  [[]],
];
const values = [...Object.values(samples), ...further];

describe("the JSON Schema of the configuration", () => {
  test.each(fields.map(({ path, type }) => [path, type] as const))("takes the documented form of %s", (path, type) => {
    const file = fileWith(path, samples[type]);
    expect(schema.faultOf("", file)).toBeUndefined();
    expect(isRead(file)).toBe(true);
  });

  test("takes no value that the agent refuses", () => {
    let refused = 0;
    for (const { path } of fields)
      for (const file of values.map((value) => fileWith(path, value))) {
        if (isRead(file)) continue;
        refused++;
        if (schema.faultOf("", file) === undefined) throw new Error(`the schema takes ${JSON.stringify(file)}`);
      }
    expect(refused).toBeGreaterThan(fields.length * 5);
  });

  test("takes no unknown field, alone or in a group", () => {
    for (const file of [{ datadir: "/tmp" }, { ports: { htp: 1 } }, { service: { nam: "web" } }])
      expect(schema.faultOf("", file)).toBeDefined();
  });

  test("is docs/config.schema.json, which make schemas writes", async () => {
    const written = (await Bun.file(join(import.meta.dir, "../../docs/config.schema.json")).json()) as object;
    expect(written).toEqual(configurationSchema());
  });
});
