import type { Field } from "./field.ts";
import { fieldByPath } from "./fields.ts";
import { parseHcl } from "./hcl.ts";
import { parseJson } from "./json.ts";
import { type Faults, knownEntries, readValue } from "./read-value.ts";
import { shapeOf } from "./shape.ts";
import type { RawDefinition, Setting, SettingValue, SinkFields, Source } from "./source.ts";
import {
  type ObjectTree,
  type Place,
  type PlacedFault,
  type SyntaxTree,
  typeName,
  unusableFile,
  unwrapSingle,
} from "./syntax-tree.ts";

export type ConfigFormat = "json" | "hcl";

/**
 * Parses the text of one file, or of one -hcl flag, which errors call "flags-0.hcl".
 * @throws OperatingError invalid: every fault of the file with its line and column, except faults inside a definition,
 * which the definition keeps
 */
export function readSource(text: string, format: ConfigFormat, options: { file: string }): Source {
  const reader = new SourceReader(options.file);
  // Some editors on Windows begin a file with a byte order mark, which the parsers would refuse.
  const written = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const root = format === "json" ? parseJson(written, options.file) : parseHcl(written, options.file);
  reader.readRoot(root);
  return reader.finish();
}

/**
 * Returns the names of fields and groups allowed in a group: "http", "grpc" ... for prefix "ports."; prefix "" is the top level.
 */
function namesBelow(prefix: string): ReadonlySet<string> {
  const below = [...fieldByPath.keys()].filter((path) => path.startsWith(prefix));
  return new Set(below.map((path) => path.slice(prefix.length).replace(/\..*/, "")));
}

class SourceReader implements Faults {
  readonly #file: string;
  readonly #settings = new Map<string, Setting>();
  readonly #definitions: RawDefinition[] = [];
  readonly #faults: PlacedFault[] = [];

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

  #readField(tree: SyntaxTree, { path, type }: Field): void {
    const noun = nounOf(type);
    if (noun !== undefined) return this.#readDefinitions(tree, noun, { path, type });
    const value = readValue(tree, shapeOf(type), { path, faults: this });
    if (value === undefined) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- readValue returns what the shape of sinks describes
    const setting = type === "sinks" ? (value as SinkFields) : settingValue(value);
    this.#settings.set(path, { value: setting, origin: `${this.#file}:${tree.place.line}` });
  }

  /**
   * Reads definitions: `service` holds one, `services` a list. A fault stays with its definition, so that the agent can use the
   * other definitions.
   */
  #readDefinitions(tree: SyntaxTree, noun: RawDefinition["noun"], { path, type }: Pick<Field, "path" | "type">): void {
    const shape = shapeOf(type);
    const isList = shape.kind === "list" && tree.kind === "list";
    const trees = isList ? tree.items : [tree];
    for (const [at, item] of trees.entries()) {
      const faults: PlacedFault[] = [];
      const context = {
        path: isList ? `${path}[${at}]` : path,
        faults: { add: (place: Place, message: string) => void faults.push({ place, message }) },
      };
      const plain = readValue(item, isList ? shape.item : shape, context);
      const { place } = (item.kind === "list" ? item.items[0] : undefined) ?? item;
      if (plain !== undefined || faults.length > 0)
        this.#definitions.push({ noun, plain, file: this.#file, place, faults });
    }
  }
}

function nounOf(type: Field["type"]): RawDefinition["noun"] | undefined {
  if (type === "service" || type === "services") return "service";
  if (type === "check" || type === "checks") return "check";
  return type === "watches" ? "watch" : undefined;
}

/**
 * Converts a value that readValue returned to the type of a setting. A list keeps only its texts. An object, which only a field
 * without effect can have, keeps only its texts or, if it has none, its numbers. Any other value becomes null.
 */
function settingValue(value: unknown): SettingValue {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.filter((item) => typeof item === "string");
  if (typeof value !== "object" || value === null) return null;
  const entries = Object.entries(value);
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === "string");
  if (texts.length > 0) return Object.fromEntries(texts);
  return Object.fromEntries(entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"));
}
