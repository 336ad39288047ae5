import { OperatingError } from "../lib/errors.ts";

/** Where something stands in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** "agent.hcl:3:7" */
export function formatPlace(file: string, { line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

export type Scalar = string | number | boolean | null;

/**
 * What a configuration file says, before anybody asked what it means: one shape for JSON and HCL.
 *
 * HCL writes an object as a block, and may repeat it, so each object in HCL arrives as a list of one or more objects.
 * Whoever expects one value therefore also takes a list of exactly one. Consul reads its JSON that way as well.
 */
export type SyntaxTree =
  | { readonly kind: "scalar"; readonly value: Scalar; readonly place: Place }
  | { readonly kind: "list"; readonly items: readonly SyntaxTree[]; readonly place: Place }
  | ObjectTree;

export interface ObjectTree {
  readonly kind: "object";
  readonly entries: ReadonlyMap<string, SyntaxTree>;
  readonly place: Place;
}

/** Objects and lists within each other; deeper is a mistake or an attack, and would exhaust the stack. */
export const nestingMax: number = 64;

/** The only item of a list of one, however often wrapped; anything else as it is. */
export function unwrapSingle(tree: SyntaxTree): SyntaxTree {
  let inner = tree;
  while (inner.kind === "list") {
    const [only] = inner.items;
    if (only === undefined || inner.items.length > 1) return inner;
    inner = only;
  }
  return inner;
}

/** The plain value of a tree whose fields nobody here knows: HCL's lists of one object become that object. */
export function plainValue(tree: SyntaxTree): unknown {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "object")
    return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plainValue(entry)]));
  const single = unwrapSingle(tree);
  return single.kind === "object" ? plainValue(single) : tree.items.map(plainValue);
}

/** The name Consul's errors give to a value's type. */
export function typeName(tree: SyntaxTree): string {
  if (tree.kind === "list") return "slice";
  if (tree.kind === "object") return "map";
  if (typeof tree.value === "number") return Number.isInteger(tree.value) ? "int" : "float64";
  return tree.value === null ? "null" : typeof tree.value === "boolean" ? "bool" : "string";
}

export interface PlacedFault {
  readonly place: Place;
  readonly message: string;
}

/** A file that cannot be used, each fault with its place. */
export function unusableFile(file: string, faults: readonly PlacedFault[]): OperatingError {
  const lines = faults.map(({ place, message }) => `At ${place.line}:${place.column}: ${message}`);
  const what = lines.length === 1 ? lines[0] : `${lines.length} errors occurred:\n\t* ${lines.join("\n\t* ")}`;
  return new OperatingError("invalid", "invalid-config-file", `failed to parse ${file}: ${what}`);
}
