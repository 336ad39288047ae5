import { readFields } from "./documented.ts";
import { anyObject, boolean, integer, listOf, mapOf, ref, type Schema, type Schemas, text } from "./schema.ts";

/** The schemas of the bodies that register services and checks. Their fields and what they mean are those of docs/api.md. */
export function registrationSchemas(): Schemas {
  return { ServiceDefinition: bodyOf("field of a service"), CheckDefinition: bodyOf("field of a check") };
}

function bodyOf(heading: string): Schema {
  const fields = readFields(heading).flatMap(({ names, type, meaning }) => {
    const schema = own[names[0] ?? ""] ?? types[type];
    if (!schema) throw new Error(`docs/api.md: ${names.join()} has the unknown type ${JSON.stringify(type)}`);
    return names.map((name) => [name, { ...schema, description: meaning }] as const);
  });
  const required = fields.some(([name]) => name === "Tags") ? ["Name"] : [];
  return { type: "object", required, properties: Object.fromEntries(fields), additionalProperties: false };
}

const types: Readonly<Record<string, Schema>> = {
  string: text,
  number: integer,
  boolean,
  strings: listOf(text),
  object: anyObject,
};

/** Fields whose type docs/api.md gives in words only. */
const own: Readonly<Record<string, Schema>> = {
  Check: ref("CheckDefinition"),
  Checks: listOf(ref("CheckDefinition")),
  Header: mapOf(listOf(text)),
  Meta: mapOf(text),
  TaggedAddresses: mapOf(ref("ServiceAddress")),
  Weights: ref("Weights"),
};
