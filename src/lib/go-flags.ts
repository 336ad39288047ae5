import { parseBool } from "./go-bool.ts";
import { OperatingError } from "./errors.ts";

/**
 * One flag of a command. Users write it by the rules of Go's flag package: `-x v`, `-x=v` or `--x v`, and a boolean only as `-x`
 * or `-x=false`.
 */
export interface FlagSpec {
  /** The flag's name, without the dashes. */
  readonly name: string;
  readonly kind: "bool" | "int" | "uint" | "text";
}

export interface ParsedFlags {
  /** The values of each flag, by its name, in their order. A boolean is "true" or "false", an unsigned number is in decimal. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** All flags and their values as one list in the order of the command line, for flags whose relative order matters. */
  readonly inOrder: readonly { readonly name: string; readonly value: string }[];
  /** The words after the flags: parsing ends before the first word that is not a flag, or after "--". */
  readonly rest: readonly string[];
  /** Whether the command line has -h or -help and the command defines no flag of that name. */
  readonly helpAsked: boolean;
}

/**
 * Parses the flags of a command line. Error texts are those of Go's flag package, because scripts for Consul compare them.
 * @throws OperatingError invalid
 */
export function parseGoFlags(args: readonly string[], specs: readonly FlagSpec[]): ParsedFlags {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const inOrder: { name: string; value: string }[] = [];
  const parsed = (at: number, helpAsked: boolean): ParsedFlags => {
    return { values: groupByName(inOrder), inOrder, rest: args.slice(at), helpAsked };
  };
  let at = 0;
  for (;;) {
    const word = args[at];
    if (word === undefined || !isFlag(word)) return parsed(at, false);
    at += 1;
    if (word === "--") return parsed(at, false);
    const { name, attached } = splitFlag(word);
    const spec = byName.get(name);
    if (spec === undefined) {
      if (name === "h" || name === "help") return parsed(at, true);
      throw flagError(`flag provided but not defined: -${name}`);
    }
    const given = attached ?? (spec.kind === "bool" ? "true" : args[at++]);
    if (given === undefined) throw flagError(`flag needs an argument: -${name}`);
    inOrder.push({ name, value: checkValue(spec, given) });
  }
}

function groupByName(given: readonly { name: string; value: string }[]): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, string[]>();
  for (const { name, value } of given) values.set(name, [...(values.get(name) ?? []), value]);
  return values;
}

function isFlag(word: string): boolean {
  return word.length > 1 && word.startsWith("-");
}

function splitFlag(word: string): { name: string; attached: string | undefined } {
  const body = word.startsWith("--") ? word.slice(2) : word.slice(1);
  if (body === "" || body.startsWith("-") || body.startsWith("=")) throw flagError(`bad flag syntax: ${word}`);
  const equals = body.indexOf("=");
  return equals < 0
    ? { name: body, attached: undefined }
    : { name: body.slice(0, equals), attached: body.slice(equals + 1) };
}

function checkValue(spec: FlagSpec, value: string): string {
  if (spec.kind === "text") return value;
  if (spec.kind === "int") {
    if (/^[+-]?\d+$/.test(value)) return value;
    throw flagError(`invalid value ${quote(value)} for flag -${spec.name}: strconv.Atoi: ${invalidSyntax(value)}`);
  }
  if (spec.kind === "uint") return String(parseUint(spec.name, value));
  const flag = parseBool(value);
  if (flag !== undefined) return String(flag);
  throw flagError(
    `invalid boolean value ${quote(value)} for -${spec.name}: strconv.ParseBool: ${invalidSyntax(value)}`,
  );
}

const uintMax = 2n ** 64n - 1n;

/** Parses an unsigned 64-bit number: decimal, or written as 0x2a, 0o52 or 0b101010. @throws OperatingError invalid */
function parseUint(name: string, value: string): bigint {
  const isNumber = /^(\d+|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/.test(value);
  const number = isNumber ? BigInt(value) : undefined;
  if (number !== undefined && number <= uintMax) return number;
  const reason = number === undefined ? "parse error" : "value out of range";
  throw flagError(`invalid value ${quote(value)} for flag -${name}: ${reason}`);
}

function invalidSyntax(value: string): string {
  return `parsing ${quote(value)}: invalid syntax`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function flagError(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-flag", message);
}
