import { goQuote } from "../../lib/go-quote.ts";
import { type Args, isList, print, type TemplateFunction, truthOf, typeName, type Value } from "./template-values.ts";

/** The functions of Go's text/template by name, except `call` and those that escape text (html, js, urlquery). */
export const builtIns: readonly (readonly [string, TemplateFunction])[] = [
  ["and", (args) => firstDeciding(args, (value) => !truthOf(value))],
  ["or", (args) => firstDeciding(args, truthOf)],
  ["not", (args) => !truthOf(args.any())],
  ["len", (args) => lengthOf(args.any())],
  ["index", index],
  ["slice", slice],
  ["print", (args) => printAll(args.rest())],
  [
    "println",
    (args) =>
      `${args
        .rest()
        .map((value) => print(value, "<nil>"))
        .join(" ")}\n`,
  ],
  ["printf", (args) => format(args.text(), args.rest())],
  ["eq", equal],
  ["ne", (args) => !isEqual(args.any(), args.any())],
  ["lt", (args) => compare(args) < 0],
  ["le", (args) => compare(args) <= 0],
  ["gt", (args) => compare(args) > 0],
  ["ge", (args) => compare(args) >= 0],
];

/** Implements Go's `and` and `or`: returns the first value that decides the result, else the last value. */
function firstDeciding(args: Args, decides: (value: Value) => boolean): Value {
  const [first, ...others] = [args.any(), ...args.rest()];
  const values = [first, ...others];
  return values.find(decides) ?? values.at(-1);
}

function lengthOf(value: Value): number {
  if (isList(value)) return value.length;
  if (typeof value === "string") return Buffer.byteLength(value);
  throw new Error(`len of type ${typeName(value)}`);
}

function index(args: Args): Value {
  const value = args.any();
  const at = args.wholeNumber();
  if (at < 0 || at >= lengthOf(value)) throw new Error(`index out of range: ${at}`);
  return isList(value) ? value[at] : Buffer.from(print(value, ""))[at];
}

function slice(args: Args): Value {
  const value = args.any();
  const length = lengthOf(value);
  const [from = 0, to = length, ...others] = args.rest().map((place) => {
    if (typeof place === "number" && place >= 0 && place <= length) return place;
    throw new Error(`slice index out of range: ${print(place, "nil")}`);
  });
  if (from > to || others.length > 0) throw new Error(`invalid slice index: ${from} > ${to}`);
  return isList(value) ? value.slice(from, to) : Buffer.from(print(value, "")).subarray(from, to).toString();
}

function equal(args: Args): boolean {
  const first = args.any();
  const others = [args.any(), ...args.rest()];
  return others.some((other) => isEqual(first, other));
}

function isEqual(a: Value, b: Value): boolean {
  const [type, other] = [typeof a, typeof b];
  if (type === "object" || other === "object" || type === "undefined" || other === "undefined")
    throw new Error("invalid type for comparison");
  if (type !== other) throw new Error("incompatible types for comparison");
  return a === b;
}

function compare(args: Args): number {
  const [a, b] = [args.any(), args.any()];
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return Buffer.compare(Buffer.from(a), Buffer.from(b));
  throw new Error(typeof a === typeof b ? "invalid type for comparison" : "incompatible types for comparison");
}

/** Implements Go's Print: puts a blank between two values if neither is a string. */
function printAll(values: readonly Value[]): string {
  return values
    .map((value, at) => {
      const before = values[at - 1];
      const apart = at > 0 && typeof value !== "string" && typeof before !== "string";
      return (apart ? " " : "") + print(value, "<nil>");
    })
    .join("");
}

const widthMax = 1_000;

/** Implements Go's Printf, with the verbs for strings, integers and booleans, and the flags 0 and -. */
function format(pattern: string, values: readonly Value[]): string {
  let next = 0;
  const text = pattern.replace(/%([-0]*)(\d*)(.?)/gsu, (_all, flags: string, width: string, verb: string) => {
    if (verb === "%") return "%";
    if (verb === "") return "%!(NOVERB)";
    if (Number(width) > widthMax) throw new Error(`printf: a width is at most ${widthMax}`);
    if (next >= values.length) return `%!${verb}(MISSING)`;
    next += 1;
    return padded(formatOne(verb, values[next - 1]), { flags, width: Number(width) });
  });
  const extra = values.slice(next).map((value) => `${typeName(value)}=${print(value, "<nil>")}`);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(", ")})`;
}

function formatOne(verb: string, value: Value): string {
  const text = print(value, "<nil>");
  if (verb === "v") return text;
  const isText = typeof value !== "number" && typeof value !== "boolean" && value !== undefined;
  if (verb === "s" && isText) return text;
  if (verb === "q" && isText) return goQuote(text);
  if (verb === "t" && typeof value === "boolean") return text;
  if (typeof value === "number") {
    const base = { d: 10, b: 2, o: 8, x: 16, X: 16 }[verb];
    if (base !== undefined) return verb === "X" ? value.toString(base).toUpperCase() : value.toString(base);
    if (verb === "c") return String.fromCodePoint(value);
  }
  if (verb === "x" && isText) return Buffer.from(text).toHex();
  return value === undefined ? `%!${verb}(<nil>)` : `%!${verb}(${typeName(value)}=${text})`;
}

function padded(text: string, { flags, width }: { readonly flags: string; readonly width: number }): string {
  const missing = Math.max(0, width - Array.from(text).length);
  if (flags.includes("-")) return text + " ".repeat(missing);
  if (!flags.includes("0")) return " ".repeat(missing) + text;
  const [sign = ""] = /^-(?=\d)/.exec(text) ?? [];
  return sign + "0".repeat(missing) + text.slice(sign.length);
}
