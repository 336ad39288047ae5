import { parseBool } from "../lib/go-bool.ts";
import { OperatingError } from "../lib/errors.ts";

/** A key below the base path and its text: ["Service/Port", "48080"]. */
export type ConfigurationPair = readonly [key: string, text: string];

/** A configuration: nested objects with scalars and lists. */
export type ConfigurationObject = object;

/** Keys as a tree: each name maps to a folder of further names, or to the value of a key, as text. */
type Tree = Map<string, Tree | string>;

/**
 * Returns one pair for each scalar, as go-mod-configuration stores it: nested names joined with "/", list elements by their
 * position, all values as text without type. Undefined, an empty object and an empty list give no pair; a Date is written as
 * in JSON.
 * @throws OperatingError invalid for a value without a text: NaN, a function
 */
export function flattenConfiguration(value: unknown, path: readonly string[] = []): ConfigurationPair[] {
  const key = path.join("/");
  if (value === undefined) return [];
  if (value === null) return [[key, ""]];
  if (value instanceof Date) return [[key, value.toISOString()]];
  if (typeof value === "object")
    return Object.entries(value).flatMap(([name, child]) => flattenConfiguration(child, [...path, name]));
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "bigint")
    return [[key, String(value)]];
  if (typeof value === "number" && Number.isFinite(value)) return [[key, decimal(value)]];
  const what = typeof value === "number" ? String(value) : `a ${typeof value}`;
  const message = `'${path.join(".")}' is ${what}: that cannot be stored as configuration`;
  throw new OperatingError("invalid", "configuration-unstorable", message);
}

/** Formats a number without an exponent, which some parsers refuse: 1e-7 is "0.0000001". */
function decimal(value: number): string {
  const [, sign = "", whole = "", fraction = "", exponent] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (exponent === undefined) return String(value);
  const shift = Number(exponent);
  // If String() writes an exponent, it writes one digit before the point.
  return shift < 0
    ? `${sign}0.${"0".repeat(-shift - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction}${"0".repeat(shift - fraction.length)}`;
}

/**
 * Returns a copy of `defaults` with stored texts in place of defaults. The type of a default decides how its text is parsed;
 * names match in any letter case; unknown keys are ignored and missing ones keep their default. An empty object receives
 * every key below it.
 *
 *   defaults { Writable: { LogLevel: "INFO" }, Port: 1 }, pairs [["writable/loglevel", "DEBUG"], ["Port", "48080"]]
 *   gives    { Writable: { LogLevel: "DEBUG" }, Port: 48080 }
 *
 * @throws OperatingError invalid, naming every text that cannot be parsed, with Go's error text
 */
export function overlayConfiguration<T extends ConfigurationObject>(
  defaults: T,
  pairs: readonly ConfigurationPair[],
): T {
  const problems: string[] = [];
  const overlaid = overlay(defaults, growTree(pairs), { path: "", problems });
  if (problems.length > 0) {
    const message = `${problems.length} error(s) decoding:\n\n${problems.map((problem) => `* ${problem}`).join("\n")}`;
    throw new OperatingError("invalid", "configuration-undecodable", message);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each branch of overlay returns its default's type
  return overlaid as T;
}

function growTree(pairs: readonly ConfigurationPair[]): Tree {
  const root: Tree = new Map();
  for (const [key, text] of pairs) {
    const segments = key.split("/");
    const name = segments.pop() ?? "";
    if (name === "") continue; // "Writable/" only marks a folder, and has no value
    const folder = segments.reduce((parent, segment) => folderOf(parent, { segment, key }), root);
    if (folder.get(name) instanceof Map) throw bothValueAndFolder(key);
    folder.set(name, text);
  }
  return root;
}

function folderOf(parent: Tree, { segment, key }: { readonly segment: string; readonly key: string }): Tree {
  const child = parent.get(segment) ?? new Map<string, Tree | string>();
  if (typeof child === "string") throw bothValueAndFolder(key);
  parent.set(segment, child);
  return child;
}

function bothValueAndFolder(key: string): OperatingError {
  return new OperatingError("invalid", "configuration-value-and-folder", `child is both a data item and dir: ${key}`);
}

interface DecodeContext {
  /** Path of the setting as Go prints it: "Service.Port". */
  readonly path: string;
  readonly problems: string[];
}

function overlay(fallback: unknown, stored: Tree | string, context: DecodeContext): unknown {
  if (Array.isArray(fallback)) return overlayList(fallback, stored, context);
  if (typeof fallback === "object" && fallback !== null) return overlayObject(fallback, stored, context);
  if (typeof stored !== "string")
    return reject(fallback, context, `'${context.path}' expected a value, got a folder of keys`);
  switch (typeof fallback) {
    case "number":
      return (
        readNumber(stored) ?? reject(fallback, context, `cannot parse '${context.path}' as number: ${quote(stored)}`)
      );
    case "boolean":
      return (
        readBoolean(stored) ?? reject(fallback, context, `cannot parse '${context.path}' as bool: ${quote(stored)}`)
      );
    default:
      return stored;
  }
}

function overlayObject(fallback: object, stored: Tree | string, context: DecodeContext): unknown {
  if (typeof stored === "string") {
    return stored === ""
      ? structuredClone(fallback)
      : reject(fallback, context, `'${context.path}' expected a folder of keys`);
  }
  const known = Object.entries(fallback);
  if (known.length === 0) return openObject(stored);
  return Object.fromEntries(
    known.map(([name, child]) => {
      const found = find(stored, name);
      const path = context.path === "" ? name : `${context.path}.${name}`;
      return [name, found === undefined ? structuredClone(child) : overlay(child, found, { ...context, path })];
    }),
  );
}

/** Decodes a list, whose elements are stored by position; a single text is a list of one, as in Go's weak decoding. */
function overlayList(fallback: readonly unknown[], stored: Tree | string, context: DecodeContext): unknown[] {
  const template: unknown = fallback[0] ?? "";
  const elements = typeof stored === "string" ? (stored === "" ? [] : [stored]) : inOrder(stored);
  return elements.map((element, at) => overlay(templateFor(template, element), element, withPosition(context, at)));
}

function templateFor(template: unknown, element: Tree | string): unknown {
  return template === "" && typeof element !== "string" ? {} : template;
}

function withPosition(context: DecodeContext, at: number): DecodeContext {
  return { ...context, path: `${context.path}[${at}]` };
}

function inOrder(stored: Tree): (Tree | string)[] {
  return [...stored].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, element]) => element);
}

/**
 * Returns the folder or text of a name in any letter case; undefined if no name matches. Prefers the exact name, since two stored
 * names can differ in letter case only.
 */
function find(stored: Tree, name: string): Tree | string | undefined {
  const exact = stored.get(name);
  if (exact !== undefined) return exact;
  return [...stored].find(([candidate]) => candidate.toLowerCase() === name.toLowerCase())?.[1];
}

function openObject(stored: Tree): Record<string, unknown> {
  return Object.fromEntries(
    [...stored].map(([name, child]) => [name, typeof child === "string" ? child : openObject(child)]),
  );
}

function reject(fallback: unknown, context: DecodeContext, problem: string): unknown {
  context.problems.push(problem);
  return fallback;
}

function readNumber(text: string): number | undefined {
  // Only one part of the pattern can match each digit. If two parts could, a match would take quadratic time.
  const isNumber = /^[+-]?(\d+(\.\d*)?([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|0[xX][0-9a-fA-F]+|0[bB][01]+)$/.test(text);
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

/** Parses a boolean. Go's weak decoding: an empty text is false. */
function readBoolean(text: string): boolean | undefined {
  return text === "" ? false : parseBool(text);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
