import type { default as Validator, ErrorObject, Options, ValidateFunction } from "ajv/dist/core.js";
import { compileRe2 } from "./filter/re2.ts";
import { isRecord } from "./is-record.ts";

/** A compiled JSON Schema of draft 2020-12 or draft-07. */
export interface JsonSchema {
  /**
   * Returns what is wrong with a value by the part of the schema at a JSON pointer: "" for the whole schema, "/properties/a". Returns
   * undefined if nothing is.
   */
  faultOf(pointer: string, value: unknown): SchemaFault | undefined;
}

export interface SchemaFault {
  /** The words of the schema: "must be <= 65535". They have no part of the value. */
  readonly message: string;
  /** The place in the value, as a JSON pointer: "/a/b"; "" for the value itself. */
  readonly at: string;
}

/** A schema that cannot be used. */
export class UnusableSchema extends Error {
  override readonly name = "UnusableSchema";
  /** The place of the fault in the schema, as a JSON pointer; "" if only the schema as a whole is known to have it. */
  readonly pointer: string;

  constructor(pointer: string, message: string) {
    super(message);
    this.pointer = pointer;
  }
}

const latestDraft = "https://json-schema.org/draft/2020-12/schema";

/** The name of the schema in its validator. */
const root = "schema";

/**
 * Compiles a schema. Loads the validator at the first call, since it takes 10 MiB of memory and most agents never need it. Patterns have
 * RE2's syntax, so that no value can make a match take long. The keyword `format` has no effect, and an unknown keyword is an error.
 * @throws UnusableSchema
 */
export async function compileJsonSchema(schema: unknown): Promise<JsonSchema> {
  if (typeof schema !== "boolean" && !isRecord(schema)) throw new UnusableSchema("", "a schema is an object");
  // Its results would be promises.
  if (isRecord(schema) && "$async" in schema) throw new UnusableSchema("/$async", "unknown keyword $async");
  const validator = await openValidator(isRecord(schema) ? (schema["$schema"] ?? latestDraft) : latestDraft);
  if (validator.validateSchema(schema) !== true) {
    const [error] = validator.errors ?? [];
    throw new UnusableSchema(error?.instancePath ?? "", error ? wordsOf(error) : "no JSON Schema");
  }
  const parts = new Map<string, ValidateFunction>();
  try {
    parts.set("", compilePart(validator.addSchema(schema, root), ""));
  } catch (error) {
    throw new UnusableSchema("", error instanceof Error ? error.message : String(error));
  }
  return {
    faultOf(pointer, value) {
      const part = parts.get(pointer) ?? compilePart(validator, pointer);
      parts.set(pointer, part);
      return faultBy(part, value);
    },
  };
}

async function openValidator(draft: unknown): Promise<Validator> {
  const options: Options = { strictTypes: false, strictTuples: false, validateFormats: false, code: { regExp } };
  const name = typeof draft === "string" ? draft.replace(/#$/, "") : "";
  if (name === latestDraft) return new (await import("ajv/dist/2020.js")).Ajv2020(options);
  if (name === "http://json-schema.org/draft-07/schema") return new (await import("ajv")).Ajv(options);
  throw new UnusableSchema("/$schema", `unknown draft ${JSON.stringify(draft)}; use ${latestDraft}`);
}

function compilePart(validator: Validator, pointer: string): ValidateFunction {
  const fragment = pointer.split("/").map(encodeURIComponent).join("/");
  const part = validator.getSchema(pointer === "" ? root : `${root}#${fragment}`);
  if (!part) throw new Error(`the schema has no part at ${pointer}`);
  return part;
}

function faultBy(part: ValidateFunction, value: unknown): SchemaFault | undefined {
  try {
    if (part(value)) return undefined;
  } catch (error) {
    // A schema that refers to itself descends as deep as the value goes.
    if (error instanceof RangeError) return { message: "must not be nested as deeply", at: "" };
    throw error;
  }
  const [error] = part.errors ?? [];
  return error ? { message: wordsOf(error), at: error.instancePath } : { message: "must be valid", at: "" };
}

/** Returns the validator's words for an error, with the values that the schema allows. */
function wordsOf({ keyword, message = "must be valid", params }: ErrorObject): string {
  if (keyword === "false schema") return "must not be there";
  const { allowedValues, allowedValue }: Record<string, unknown> = params;
  const allowed = allowedValues ?? allowedValue;
  return allowed === undefined ? message : `${message}: ${JSON.stringify(allowed)}`;
}

/** Compiles a pattern of a schema. @throws Error for a pattern that RE2 does not know */
const regExp = Object.assign(
  (pattern: string): { test(text: string): boolean; toString(): string } => {
    const compiled = compileRe2(pattern);
    if ("fault" in compiled) throw new Error(`pattern ${JSON.stringify(pattern)}: ${compiled.fault}`);
    // The validator tells patterns apart by their text.
    return { test: (text) => compiled.test(text), toString: () => pattern };
  },
  // The validator would write this into code that it exports, which is never done here.
  { code: "" },
);
