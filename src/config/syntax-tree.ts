import { OperatingError } from "../lib/errors.ts";

/** A position in a file; line and column count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Formats a position as file, line and column: "agent.hcl:3:7". */
export function formatPlace(file: string, { line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

export type Scalar = string | number | boolean | null;

/**
 * The syntax tree of a configuration file, the same for JSON and HCL.
 *
 * HCL writes an object as a block, and may repeat it, so each object in HCL arrives as a list of one or more objects.
 * A reader that expects one value therefore also accepts a list of exactly one. Consul reads its JSON that way, too.
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

/** Maximum nesting of objects and lists in a file. The parsers refuse deeper nesting, which could exhaust the stack. */
export const nestingMax: number = 64;

/** Unwraps lists of one item, however deeply nested; returns any other tree unchanged. */
export function unwrapSingle(tree: SyntaxTree): SyntaxTree {
  let inner = tree;
  while (inner.kind === "list") {
    const [only] = inner.items;
    if (only === undefined || inner.items.length > 1) return inner;
    inner = only;
  }
  return inner;
}

/** Returns the plain value of a tree whose shape is unknown; a list of one object, as HCL writes a block, becomes that object. */
export function plainValue(tree: SyntaxTree): unknown {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "object")
    return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plainValue(entry)]));
  const single = unwrapSingle(tree);
  return single.kind === "object" ? plainValue(single) : tree.items.map(plainValue);
}

/** Returns the name that Consul's errors have for a value's type. */
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

/** Returns the error for an invalid file, with the line and column of each fault. */
export function unusableFile(file: string, faults: readonly PlacedFault[]): OperatingError {
  const lines = faults.map(({ place, message }) => `At ${place.line}:${place.column}: ${message}`);
  const what = lines.length === 1 ? lines[0] : `${lines.length} errors occurred:\n\t* ${lines.join("\n\t* ")}`;
  return new OperatingError("invalid", "invalid-config-file", `failed to parse ${file}: ${what}`);
}
