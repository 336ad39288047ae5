import type { Field } from "./field.ts";
import { fieldByPath } from "./fields.ts";
import { parseHcl } from "./hcl/parser.ts";
import { parseJson } from "./json.ts";
import { type Faults, knownEntries, readValue } from "./read-value.ts";
import { shapeOf } from "./shape.ts";
import type { RawDefinition, Setting, SettingValue, Source } from "./source.ts";
import { type ObjectTree, type Place, type SyntaxTree, typeName, unusableFile, unwrapSingle } from "./syntax-tree.ts";

export type ConfigFormat = "json" | "hcl";

/**
 * Reads the text of one file, or of one -hcl fragment, which goes by the name of "flags-0.hcl".
 * @throws OperatingError invalid: all that is wrong with this file, each with line and column
 */
export function readSource(text: string, format: ConfigFormat, options: { file: string }): Source {
  const reader = new SourceReader(options.file);
  const root = format === "json" ? parseJson(text, options.file) : parseHcl(text, options.file);
  reader.readRoot(root);
  return reader.finish();
}

/** The names of fields and groups that may stand in a group: "http", "grpc" ... in "ports."; prefix "" is the file itself. */
function namesBelow(prefix: string): ReadonlySet<string> {
  const below = [...fieldByPath.keys()].filter((path) => path.startsWith(prefix));
  return new Set(below.map((path) => path.slice(prefix.length).replace(/\..*/, "")));
}

class SourceReader implements Faults {
  readonly #file: string;
  readonly #settings = new Map<string, Setting>();
  readonly #definitions: RawDefinition[] = [];
  readonly #faults: { place: Place; message: string }[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  add(place: Place, message: string): void {
    this.#faults.push({ place, message });
  }

  readRoot(root: SyntaxTree): void {
    if (root.kind === "scalar" && root.value === null) return;
    if (root.kind === "object") this.#readGroup(root, "");
    else this.add(root.place, `expected an object with fields, got ${typeName(root)}`);
  }

  finish(): Source {
    if (this.#faults.length > 0) throw unusableFile(this.#file, this.#faults);
    return { settings: this.#settings, definitions: this.#definitions };
  }

  #readGroup(tree: ObjectTree, group: string): void {
    const prefix = group === "" ? "" : `${group}.`;
    const names = namesBelow(prefix);
    for (const [name, value] of knownEntries(tree, { path: group, faults: this, spell: (key) => key, names })) {
      const path = prefix + name;
      const field = fieldByPath.get(path);
      if (field === undefined) this.#enterGroup(value, path);
      else this.#readField(value, field);
    }
  }

  #enterGroup(tree: SyntaxTree, path: string): void {
    const single = unwrapSingle(tree);
    if (single.kind === "object") this.#readGroup(single, path);
    else if (single.kind === "list" || single.value !== null)
      this.add(tree.place, `'${path}' expected a map, got '${typeName(tree)}'`);
  }

  #readField(tree: SyntaxTree, field: Field): void {
    const value = readValue(tree, shapeOf(field.type), { path: field.path, faults: this });
    if (value === undefined) return;
    if (field.type === "service" || field.type === "services") this.#readDefinitions(value, tree, "service");
    else if (field.type === "check" || field.type === "checks") this.#readDefinitions(value, tree, "check");
    else if (field.type === "watches") this.#readDefinitions(value, tree, "watch");
    else this.#settings.set(field.path, { value: settingValue(value), origin: `${this.#file}:${tree.place.line}` });
  }

  /** `service` holds one, `services` several; both may stand in one file. */
  #readDefinitions(value: unknown, tree: SyntaxTree, noun: RawDefinition["noun"]): void {
    const plains: readonly unknown[] = Array.isArray(value) ? value : [value];
    for (const [at, plain] of plains.entries()) {
      const place = (tree.kind === "list" ? tree.items[at]?.place : undefined) ?? tree.place;
      this.#definitions.push({ noun, plain, file: this.#file, place });
    }
  }
}

/** The shapes of fields yield only these; free objects are not looked into. */
function settingValue(value: unknown): SettingValue {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.filter((item) => typeof item === "string");
  if (typeof value !== "object" || value === null) return null;
  const entries = Object.entries(value);
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === "string");
  if (texts.length > 0) return Object.fromEntries(texts);
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
}
