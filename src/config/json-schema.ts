import type { Field } from "./field.ts";
import { fields } from "./fields.ts";
import { type ScalarType, type Shape, shapeOf } from "./shape.ts";

type Schema = Readonly<Record<string, unknown>>;

/** An object with a fixed set of names, while its names are collected. */
interface Group {
  readonly type: "object";
  readonly properties: Record<string, Schema | Group>;
  readonly additionalProperties: false;
}

/**
 * Returns the JSON Schema (draft 2020-12) of a configuration file in JSON. It describes each field by its name in docs/config.md, and
 * so is stricter than the agent, which takes names in any letter case, some other spellings, and an object in a list of one.
 */
export function configurationSchema(): object {
  const root = newGroup();
  for (const field of fields) {
    const names = field.path.split(".");
    const last = names.pop() ?? "";
    const group = names.reduce(enterGroup, root);
    group.properties[last] = { ...schemaOf(shapeOf(field.type)), ...notesOf(field) };
  }
  const definitions = Object.fromEntries(Object.entries(named).map(([name, shape]) => [name, contentOf(shape)]));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Configuration of praetor agent",
    ...root,
    $defs: definitions,
  };
}

function newGroup(): Group {
  return { type: "object", properties: {}, additionalProperties: false };
}

function enterGroup(group: Group, name: string): Group {
  const entered = group.properties[name] ?? newGroup();
  group.properties[name] = entered;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no field has the name of a group
  return entered as Group;
}

function notesOf({ use, fallback, meaning }: Field): Schema {
  if (use === "unused") return { description: `Has no effect: ${meaning}.`, deprecated: true };
  return { description: fallback === "" ? meaning : `${meaning} Default: ${fallback}.` };
}

/** The shapes that the schema names, since a service has another one in it. */
const named: Readonly<Record<string, Shape>> = { service: shapeOf("service"), check: shapeOf("check") };
const references: ReadonlyMap<Shape, string> = new Map(Object.entries(named).map(([name, shape]) => [shape, name]));

function schemaOf(shape: Shape): Schema {
  const name = references.get(shape);
  return name === undefined ? contentOf(shape) : { $ref: `#/$defs/${name}` };
}

function contentOf(shape: Shape): Schema {
  switch (shape.kind) {
    case "scalar":
      return scalars[shape.type];
    case "list":
      return { type: "array", items: schemaOf(shape.item) };
    case "map":
      return { type: "object", additionalProperties: schemaOf(shape.item) };
    case "free":
      return { type: "object" };
    case "record": {
      const entries = Object.entries(shape.fields()).map(([field, inner]) => [field, schemaOf(inner)] as const);
      return { type: "object", properties: Object.fromEntries(entries), additionalProperties: false };
    }
  }
}

const scalars: Readonly<Record<ScalarType, Schema>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int: { type: "integer" },
  uint: { type: "integer", minimum: 0 },
  float: { type: "number" },
  // Go's durations.
  duration: { type: "string", pattern: "^[-+]?(0|((\\d+(\\.\\d*)?|\\.\\d+)(ns|us|µs|μs|ms|s|m|h))+)$" },
};
