import type { FilterMatch, FilterNode, MatchOperator } from "./filter-ast.ts";
import { filterError } from "./filter-error.ts";
import { parseFilter } from "./filter-parser.ts";
import { parseBool } from "../go-bool.ts";
import { parseGoInt } from "./go-literal.ts";
import { compileRe2 } from "./re2.ts";

/** The type of a selectable field. A field that a row lacks has its type's zero value. */
export type FilterField =
  | { readonly kind: "string" | "int" | "bool" | "strings" }
  | { readonly kind: "map"; readonly values: FilterField }
  | { readonly kind: "object" | "objects"; readonly fields: FilterFields };

export type FilterFields = Readonly<Record<string, FilterField>>;

type Test = (value: unknown) => boolean;

/**
 * Compiles one of Consul's filter expressions into a predicate on rows, which are objects with the field names of the JSON
 * API. "" matches every row.
 * @throws OperatingError invalid, code "filter", for a syntax error, an unknown selector, or an operator that its field
 * does not have
 */
export function compileFilter(expression: string, fields: FilterFields): (row: object) => boolean {
  return expression === "" ? () => true : compileNode(parseFilter(expression), fields);
}

function compileNode(node: FilterNode, fields: FilterFields): Test {
  switch (node.kind) {
    case "match":
      return compileStep(node, { kind: "object", fields }, 0);
    case "not": {
      const term = compileNode(node.term, fields);
      return (row) => !term(row);
    }
    case "and": {
      const terms = node.terms.map((term) => compileNode(term, fields));
      return (row) => terms.every((term) => term(row));
    }
    case "or": {
      const terms = node.terms.map((term) => compileNode(term, fields));
      return (row) => terms.some((term) => term(row));
    }
  }
}

/** Compiles the selector's parts from the index `taken` on, and the comparison, into a predicate on values of type `field`. */
function compileStep(match: FilterMatch, field: FilterField, taken: number): Test {
  const part = match.selector[taken];
  if (part === undefined) return compileComparison(match, field);
  if (field.kind === "map") {
    const test = compileStep(match, field.values, taken + 1);
    const whenMissing = passesWhenMissing(match);
    return (value) => (hasKey(value, part) ? test(value[part]) : whenMissing);
  }
  const child = "fields" in field && Object.hasOwn(field.fields, part) ? field.fields[part] : undefined;
  if (child === undefined) throw filterError(`Selector ${quoteSelector(match, taken + 1)} is not valid`);
  const test = compileStep(match, child, taken + 1);
  const read: Test = (value) => test(hasKey(value, part) ? value[part] : undefined);
  // A list of objects matches when one of its objects matches, also for a negated operator.
  return field.kind === "objects" ? (value) => Array.isArray(value) && value.some(read) : read;
}

/** Returns whether a map without the selected key matches. Consul: it matches for every operator except ==, in and contains. */
function passesWhenMissing({ operator, negated }: FilterMatch): boolean {
  return negated || operator === "matches";
}

const operatorsOf: Readonly<Record<FilterField["kind"], readonly MatchOperator[]>> = {
  string: ["equal", "in", "matches"],
  int: ["equal"],
  bool: ["equal"],
  strings: ["in", "is-empty"],
  map: ["in", "is-empty"],
  objects: ["is-empty"],
  object: [],
};

function compileComparison(match: FilterMatch, field: FilterField): Test {
  if (!operatorsOf[field.kind].includes(match.operator)) {
    const selector = quoteSelector(match, match.selector.length);
    throw filterError(`Invalid match operator "${operatorName(match)}" for selector ${selector}`);
  }
  const test = compileOperator(match, field.kind);
  return match.negated ? (value) => !test(value) : test;
}

function compileOperator(match: FilterMatch, kind: FilterField["kind"]): Test {
  const { value: wanted } = match;
  switch (match.operator) {
    case "equal":
      return compileEqual(match, kind);
    case "is-empty":
      return isEmpty;
    case "matches": {
      const pattern = compileRe2(wanted);
      if ("fault" in pattern) {
        throw filterError(`Failed to compile regular expression ${JSON.stringify(wanted)}: ${pattern.fault}`);
      }
      return (value) => pattern.test(typeof value === "string" ? value : "");
    }
    case "in":
      if (kind === "map") return (value) => hasKey(value, wanted);
      if (kind === "strings") return (value) => Array.isArray(value) && value.includes(wanted);
      return (value) => typeof value === "string" && value.includes(wanted);
  }
}

function compileEqual(match: FilterMatch, kind: FilterField["kind"]): Test {
  const { value: wanted } = match;
  if (kind === "string") return (value) => (value ?? "") === wanted;
  const refuse = (why: string): never => {
    const selector = quoteSelector(match, match.selector.length);
    throw filterError(`Failed to coerce value ${JSON.stringify(wanted)} for selector ${selector}: ${why}`);
  };
  if (kind === "bool") {
    const flag = parseBool(wanted) ?? refuse(`strconv.ParseBool: parsing ${JSON.stringify(wanted)}: invalid syntax`);
    return (value) => (value ?? false) === flag;
  }
  const parsed = parseGoInt(wanted);
  const number = typeof parsed === "bigint" ? Number(parsed) : refuse(parsed.fault);
  return (value) => (value ?? 0) === number;
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}

function hasKey(value: unknown, key: string): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key);
}

function quoteSelector(match: FilterMatch, parts: number): string {
  return JSON.stringify(match.selector.slice(0, parts).join("."));
}

function operatorName({ operator, negated }: FilterMatch): string {
  const names = { equal: "Equal", in: "In", "is-empty": "Is Empty", matches: "Matches" } as const;
  if (!negated) return names[operator];
  return operator === "is-empty" ? "Is Not Empty" : `Not ${names[operator]}`;
}
