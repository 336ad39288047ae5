/** A schema in JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

type Fields = Readonly<Record<string, Schema>>;

/** Schemas by name: the components of the description. */
export type Schemas = Readonly<Record<string, Schema>>;

export const text: Schema = { type: "string" };
export const boolean: Schema = { type: "boolean" };
export const number: Schema = { type: "number" };
export const integer: Schema = { type: "integer" };
/** A whole number that is not negative: an index, a port, a count. */
export const count: Schema = { type: "integer", minimum: 0 };
export const uuid: Schema = { type: "string", pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" };
export const base64: Schema = { type: "string", contentEncoding: "base64" };
export const time: Schema = { type: "string", format: "date-time" };
/** A duration with a unit, as Go writes it: "10s", "1m30s". */
export const duration: Schema = { type: "string", examples: ["10s"] };
/** An object with no field. */
export const nothing: Schema = { type: "object", maxProperties: 0 };
/** An object with fields that the description does not name. */
export const anyObject: Schema = { type: "object" };

/** Returns a reference to the schema that the components have by this name. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

export function listOf(items: Schema): Schema {
  return { type: "array", items };
}

/** An object whose fields have names that the client chooses. */
export function mapOf(values: Schema): Schema {
  return { type: "object", additionalProperties: values };
}

export function either(...schemas: readonly Schema[]): Schema {
  return { anyOf: schemas };
}

export function orNull(schema: Schema): Schema {
  return either(schema, { type: "null" });
}

export function oneOf(...values: readonly string[]): Schema {
  return { type: "string", enum: values };
}

/** An object with these fields and no others. @param optional the fields that may be absent */
export function object(required: Fields, optional: Fields = {}): Schema {
  return { ...openObject(required, optional), additionalProperties: false };
}

/** An object with these fields, and perhaps others. */
export function openObject(required: Fields, optional: Fields = {}): Schema {
  return { type: "object", required: Object.keys(required), properties: { ...required, ...optional } };
}

/** The indexes of the changes that made a row, and that changed it last. */
export const indexes: Fields = { CreateIndex: count, ModifyIndex: count };

export const texts: Schema = listOf(text);
/** Go's JSON of an empty list is often null. */
export const textsOrNull: Schema = orNull(texts);
export const textMapOrNull: Schema = orNull(mapOf(text));
