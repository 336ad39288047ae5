import { readFileSync } from "node:fs";
import { OperatingError } from "../lib/errors.ts";
import { fileFailure } from "../lib/file-failure.ts";
import { compileJsonSchema, type JsonSchema, UnusableSchema } from "../lib/json-schema.ts";
import { edgexRules } from "../model/edgex-settings.ts";
import { LeafSchemas } from "../model/leaf-schemas.ts";
import { textOf, type ValueFault, type ValueRules } from "../model/value-rules.ts";
import { parseJson } from "./json.ts";
import type { KvSchemasConfig, SchemaFile } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";
import { type Place, type SyntaxTree, unusableFile } from "./syntax-tree.ts";

const files = "kv_schemas.files";

/**
 * Reads the schemas of keys; returns undefined if none is bound to keys, and the types of EdgeX's settings are not switched on.
 * @throws OperatingError invalid
 */
export function buildKvSchemas(settings: Settings): KvSchemasConfig | undefined {
  const mode = settings.text("kv_schemas.mode") || "observe";
  if (mode !== "observe" && mode !== "enforce") {
    const from = settings.from("kv_schemas.mode");
    throw invalid(`kv_schemas.mode: ${JSON.stringify(mode)} is no mode. It is one of observe and enforce${from}`);
  }
  const schemas = Object.entries(settings.textMap(files)).map(([prefix, file]) => readSchema(prefix, file, settings));
  const coversEdgex = settings.flag("kv_schemas.edgex");
  return schemas.length === 0 && !coversEdgex ? undefined : { isEnforced: mode === "enforce", coversEdgex, schemas };
}

function readSchema(prefix: string, file: string, settings: Settings): SchemaFile {
  try {
    return { folder: prefix.replace(/\/+$/, ""), file, text: readFileSync(file, "utf8") };
  } catch (cause) {
    const what = `${files}: cannot read the schema of ${JSON.stringify(prefix)}: ${fileFailure(cause)}`;
    throw invalid(`${what}. Correct the path, or let the agent read the file${settings.from(files)}`, cause);
  }
}

/**
 * Compiles the schemas; returns undefined without any.
 * @throws OperatingError invalid, with the file, line and column of a fault
 */
export async function compileKvSchemas(config: KvSchemasConfig | undefined): Promise<ValueRules | undefined> {
  if (!config) return undefined;
  const rules: ValueRules[] = config.coversEdgex ? [edgexRules] : [];
  for (const file of config.schemas) rules.push(new FolderRules(file.folder, await compile(file)));
  return {
    faultOf(key, value) {
      for (const each of rules) {
        const fault = each.faultOf(key, value);
        if (fault) return fault;
      }
      return undefined;
    },
  };
}

interface CompiledSchema {
  readonly schema: JsonSchema;
  readonly leaves: LeafSchemas;
}

async function compile({ file, text }: SchemaFile): Promise<CompiledSchema> {
  const tree = parseJson(text, file);
  const plain: unknown = JSON.parse(text);
  try {
    return { schema: await compileJsonSchema(plain), leaves: new LeafSchemas(plain) };
  } catch (error) {
    if (!(error instanceof UnusableSchema)) throw error;
    throw unusableFile(file, [{ place: placeOf(tree, error.pointer), message: `unusable schema: ${error.message}` }]);
  }
}

/** Returns the place of the deepest part of a tree on the way of a JSON pointer. */
function placeOf(tree: SyntaxTree, pointer: string): Place {
  let found = tree;
  for (const word of pointer.split("/").slice(1)) {
    const name = word.replaceAll("~1", "/").replaceAll("~0", "~");
    const next = found.kind === "list" ? found.items[Number(name)] : found.kind === "object" && found.entries.get(name);
    if (!next) break;
    found = next;
  }
  return found.place;
}

/** The rules of a schema for a key and the keys below it: "a" and "a/b", not "ab". */
class FolderRules implements ValueRules {
  readonly #folder: string;
  readonly #compiled: CompiledSchema;

  /** @param folder without the slash at its end; "" for all keys */
  constructor(folder: string, compiled: CompiledSchema) {
    this.#folder = folder;
    this.#compiled = compiled;
  }

  faultOf(key: string, value: Uint8Array): ValueFault | undefined {
    const path = pathBelow(this.#folder, key);
    // A key that ends in a slash, without a value, stands for an empty folder.
    if (!path || (value.length === 0 && key.endsWith("/"))) return undefined;
    const { schema, leaves } = this.#compiled;
    for (const { pointer, takesText } of leaves.partsFor(path)) {
      const text = textOf(value);
      const fault = schema.faultOf(pointer, takesText ? text : jsonOrText(text));
      const place = pointer === "" ? "" : ` at ${pointer}`;
      if (fault)
        return { rule: `the schema of ${JSON.stringify(this.#folder)}${place}: ${fault.message}`, at: fault.at };
    }
    return undefined;
  }
}

/** Returns the names of a key below a folder; undefined if it is not below it. */
function pathBelow(folder: string, key: string): readonly string[] | undefined {
  if (!key.startsWith(folder)) return undefined;
  if (key.length === folder.length) return [];
  if (folder === "") return key.split("/");
  return key[folder.length] === "/" ? key.slice(folder.length + 1).split("/") : undefined;
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function invalid(message: string, cause?: unknown): OperatingError {
  return new OperatingError("invalid", "invalid-config", message, { cause });
}
