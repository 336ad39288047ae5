import { closest } from "../lib/closest.ts";
import { parseDuration } from "../lib/duration.ts";
import { messageOf } from "../lib/errors.ts";
import type { ScalarType, Shape } from "./shape.ts";
import { type ObjectTree, type Place, plainValue, type SyntaxTree, typeName, unwrapSingle } from "./syntax-tree.ts";

/** Collects the faults of one file, to report them together. */
export interface Faults {
  add(place: Place, message: string): void;
}

/**
 * Converts a tree to the plain value that `shape` describes, with names in their documented spelling. Returns undefined
 * for null, and for an invalid value, which it adds to the faults.
 */
export function readValue(tree: SyntaxTree, shape: Shape, context: { path: string; faults: Faults }): unknown {
  const { path, faults } = context;
  const single = unwrapSingle(tree);
  if (single.kind === "scalar" && single.value === null) return undefined;
  switch (shape.kind) {
    case "scalar":
      return readScalar(single, shape.type, context);
    case "list":
      if (tree.kind === "list") return readList(tree.items, shape.item, context);
      return faults.add(tree.place, `'${path}': source data must be an array or slice, got ${typeName(tree)}`);
    case "free":
    case "map":
    case "record":
      if (single.kind !== "object") return faults.add(tree.place, `'${path}' expected a map, got '${typeName(tree)}'`);
      if (shape.kind === "free") return plainValue(single);
      return shape.kind === "map" ? readMap(single, shape.item, context) : readRecord(single, shape, context);
  }
}

function readList(
  items: readonly SyntaxTree[],
  shape: Shape,
  { path, faults }: { path: string; faults: Faults },
): unknown {
  return items.flatMap((item, at) => {
    const value = readValue(item, shape, { path: `${path}[${at}]`, faults }) ?? emptyText(shape);
    return value === undefined ? [] : [value];
  });
}

function readMap(tree: ObjectTree, item: Shape, context: { path: string; faults: Faults }): unknown {
  const { path, faults } = context;
  const entries = [...tree.entries].flatMap(([key, value]) => {
    const read = readValue(value, item, { path: `${path}[${key}]`, faults }) ?? emptyText(item);
    return read === undefined ? [] : [[key, read] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * Returns the value of a null item of a list or map. Consul: "" if the items are texts; otherwise undefined, which omits the
 * item.
 */
function emptyText(shape: Shape): string | undefined {
  return shape.kind === "scalar" && shape.type === "string" ? "" : undefined;
}

function readRecord(
  tree: ObjectTree,
  shape: Shape & { kind: "record" },
  context: { path: string; faults: Faults },
): unknown {
  const fields = new Map(Object.entries(shape.fields()));
  const known = knownEntries(tree, {
    ...context,
    spell: (key) => shape.aliases.get(key) ?? key,
    names: new Set(fields.keys()),
  });
  const plain: Record<string, unknown> = {};
  for (const [name, value] of known) {
    const field = fields.get(name);
    const read = field && readValue(value, field, { ...context, path: `${context.path}.${name}` });
    if (read !== undefined) plain[name] = read;
  }
  return plain;
}

/**
 * Returns the object's values by their known names, and adds a fault for each unknown name. A name matches in any letter case. If
 * the object has a name in several spellings, the exact one, else the first, is used and each other one is a fault.
 */
export function knownEntries(
  tree: ObjectTree,
  context: { path: string; faults: Faults; spell: (lowerCase: string) => string; names: ReadonlySet<string> },
): ReadonlyMap<string, SyntaxTree> {
  const { names, path } = context;
  const known = new Map<string, SyntaxTree>();
  const exactFirst = [...tree.entries].toSorted(([a], [b]) => Number(names.has(b)) - Number(names.has(a)));
  for (const [key, value] of exactFirst) {
    const name = names.has(key) ? key : context.spell(key.toLowerCase());
    if (names.has(name) && !known.has(name)) known.set(name, value);
    else {
      const prefix = path === "" ? "" : `${path}.`;
      const meant = closest(
        key.toLowerCase(),
        [...names].filter((each) => !known.has(each)),
      );
      const advice = meant === undefined ? "" : `; did you mean ${prefix}${meant}?`;
      context.faults.add(value.place, `invalid config key ${prefix}${key}${advice}`);
    }
  }
  return known;
}

function readScalar(tree: SyntaxTree, type: ScalarType, context: { path: string; faults: Faults }): unknown {
  const { path, faults } = context;
  const value = tree.kind === "scalar" ? tree.value : undefined;
  if (typeof value === "string" && type === "string") return value;
  if (typeof value === "string" && type === "duration") return readDuration(value, tree.place, context);
  if (typeof value === "boolean" && type === "bool") return value;
  if (typeof value === "number" && type === "float" && Number.isFinite(value)) return value;
  if (typeof value === "number" && (type === "int" || type === "uint") && Number.isFinite(value)) {
    if (type === "uint" && value < 0) return faults.add(tree.place, `cannot parse '${path}', ${value} overflows uint`);
    return Math.trunc(value);
  }
  const wanted = type === "duration" ? "string" : type === "float" ? "float64" : type;
  faults.add(tree.place, `'${path}' expected type '${wanted}', got unconvertible type '${typeName(tree)}'`);
  return undefined;
}

function readDuration(text: string, place: Place, context: { path: string; faults: Faults }): number | undefined {
  try {
    return parseDuration(text);
  } catch (error) {
    const message = `${context.path}: invalid duration: ${JSON.stringify(text)}: ${messageOf(error)}`;
    context.faults.add(place, message);
    return undefined;
  }
}
