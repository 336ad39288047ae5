import { parseHcl as parse } from "../lib/hcl/parser.ts";
import { HclError, type HclItem, type HclKey, type HclValue } from "../lib/hcl/syntax.ts";
import { nestingMax, type ObjectTree, type Place, type SyntaxTree, unusableFile } from "./syntax-tree.ts";

/**
 * Parses HCL 1 as configuration files use it, or JSON if the text begins with "{".
 *
 * `a "b" { c = 1 }` means { a: [{ b: [{ c: 1 }] }] }: each object is wrapped in a list, and repeating the key appends to
 * that list; a repeated scalar replaces the earlier one.
 * @throws OperatingError invalid, with line and column
 */
export function parseHcl(text: string, file: string): ObjectTree {
  try {
    return objectOf(parse(text, { nestingMax }).items, { line: 1, column: 1 });
  } catch (error) {
    if (!(error instanceof HclError)) throw error;
    throw unusableFile(file, [{ place: error.place, message: error.reason }]);
  }
}

function objectOf(items: readonly HclItem[], place: Place): ObjectTree {
  const entries = new Map<string, SyntaxTree>();
  for (const { keys, value } of items) {
    const [first, ...labels] = keys;
    if (first !== undefined) add(entries, first.name, wrap(treeOf(value), labels, first.place));
  }
  return { kind: "object", entries, place };
}

function treeOf(value: HclValue): SyntaxTree {
  const { place } = value;
  if (value.kind === "object") return { kind: "list", items: [objectOf(value.items, place)], place };
  if (value.kind !== "list") return { kind: "scalar", value: value.value, place };
  const items = value.items.map(treeOf);
  return { kind: "list", items: items.flatMap((item) => (isBlock(item) ? item.items : [item])), place };
}

/** Returns whether a list only wraps a single object; such a list is unwrapped inside another list. */
function isBlock(tree: SyntaxTree): tree is SyntaxTree & { kind: "list" } {
  return tree.kind === "list" && tree.items.length === 1 && tree.items[0]?.kind === "object";
}

function wrap(value: SyntaxTree, labels: readonly HclKey[], place: Place): SyntaxTree {
  return labels.reduceRight<SyntaxTree>(
    (inner, label) => ({
      kind: "list",
      items: [{ kind: "object", entries: new Map([[label.name, inner]]), place: label.place }],
      place: label.place,
    }),
    value.kind === "scalar" ? value : { ...value, place },
  );
}

function add(entries: Map<string, SyntaxTree>, key: string, value: SyntaxTree): void {
  const earlier = entries.get(key);
  const both = earlier?.kind === "list" && value.kind === "list";
  entries.set(key, both ? { ...earlier, items: [...earlier.items, ...value.items] } : value);
}
