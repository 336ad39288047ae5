import { compileRe2 } from "../lib/filter/re2.ts";
import { isRecord } from "../lib/is-record.ts";

/** A part of a JSON Schema that speaks of the value of a key. */
export interface SchemaPart {
  /** The place of the part in the schema, as a JSON pointer: "/properties/Port". */
  readonly pointer: string;
  /** Whether the part takes texts only, and so the value of the key as it is, not as the JSON that it may be. */
  readonly takesText: boolean;
}

interface Node {
  readonly pointer: string;
  readonly schema: unknown;
}

const leading = ["properties", "patternProperties", "additionalProperties"];

/**
 * Finds the parts of a JSON Schema that speak of the keys below the folder of the schema. EdgeX keeps each setting as a key of its own,
 * so a schema of the whole configuration as one object leads there:
 *
 *     {"properties": {"Service": {"properties": {"Port": {"type": "integer"}}}}}    Service/Port: /properties/Service/properties/Port
 *
 * Each name of a key leads on through `properties` and `patternProperties`, or else `additionalProperties`, also behind `allOf` and a
 * `$ref` to a place in the same schema. A part that has none of the three speaks of every key below it, and a name of which
 * they say nothing leads to no part. Other keywords of an object, such as `required`, cannot be held against a single key.
 */
export class LeafSchemas {
  readonly #schema: unknown;
  /** The compiled patterns of `patternProperties`. */
  readonly #patterns = new Map<string, ReturnType<typeof compileRe2>>();

  constructor(schema: unknown) {
    this.#schema = schema;
  }

  /** @param path the names of the key below the folder of the schema: "Service", "Port" */
  partsFor(path: readonly string[]): readonly SchemaPart[] {
    let nodes: readonly Node[] = [{ pointer: "", schema: this.#schema }];
    for (const name of path) nodes = nodes.flatMap((node) => this.#below(node, name));
    return nodes.map((node) => ({ pointer: node.pointer, takesText: this.#takesText(node) }));
  }

  #below(node: Node, name: string): readonly Node[] {
    const folders = this.#alike(node).filter(
      ({ schema }) => isRecord(schema) && leading.some((keyword) => keyword in schema),
    );
    return folders.length === 0 ? [node] : folders.flatMap((folder) => this.#entries(folder, name));
  }

  #entries({ pointer, schema }: Node, name: string): readonly Node[] {
    const { properties, patternProperties, additionalProperties } = isRecord(schema) ? schema : {};
    const found: Node[] = [];
    const add = (part: unknown, ...words: readonly string[]): void => {
      found.push({ pointer: [pointer, ...words.map(escapeName)].join("/"), schema: part });
    };
    if (isRecord(properties) && Object.hasOwn(properties, name)) add(properties[name], "properties", name);
    for (const [pattern, part] of Object.entries(isRecord(patternProperties) ? patternProperties : {}))
      if (this.#matches(pattern, name)) add(part, "patternProperties", pattern);
    if (found.length === 0 && additionalProperties !== undefined) add(additionalProperties, "additionalProperties");
    return found;
  }

  /** Returns a node, and the nodes that hold wherever it does: the target of its `$ref`, and the members of its `allOf`. */
  #alike(node: Node): readonly Node[] {
    const found = new Map<string, Node>();
    const visit = (each: Node): void => {
      if (found.has(each.pointer)) return;
      found.set(each.pointer, each);
      const { $ref, allOf } = isRecord(each.schema) ? each.schema : {};
      const target = this.#targetOf($ref);
      if (target) visit(target);
      const members: readonly unknown[] = Array.isArray(allOf) ? allOf : [];
      for (const [at, schema] of members.entries()) visit({ pointer: `${each.pointer}/allOf/${at}`, schema });
    };
    visit(node);
    return [...found.values()];
  }

  /** Returns the node to which a `$ref` leads; undefined if that is no place in the same schema. */
  #targetOf($ref: unknown): Node | undefined {
    if (typeof $ref !== "string" || !/^#(?:\/|$)/.test($ref)) return undefined;
    const pointer = decodeURIComponent($ref.slice(1));
    let schema = this.#schema;
    for (const word of pointer.split("/").slice(1)) {
      const entries: Readonly<Record<string, unknown>> | undefined = typeof schema === "object" ? { ...schema } : {};
      schema = entries[word.replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    return { pointer, schema };
  }

  #takesText(node: Node): boolean {
    return this.#alike(node).some(({ schema }) => isRecord(schema) && schema["type"] === "string");
  }

  #matches(pattern: string, name: string): boolean {
    const compiled = this.#patterns.get(pattern) ?? compileRe2(pattern);
    this.#patterns.set(pattern, compiled);
    return !("fault" in compiled) && compiled.test(name);
  }
}

function escapeName(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
