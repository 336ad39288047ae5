import type { FilterMatch, FilterNode, MatchOperator } from "./filter-ast.ts";
import { filterError } from "./filter-error.ts";
import { FilterScanner } from "./filter-scanner.ts";

/** Maximum depth of nesting: more than clients use, and small enough for the call stack. */
const depthMax = 100;
/** Maximum length of an expression in characters: more than in any URL that a client sends. */
const lengthMax = 16_384;

/**
 * Parses Consul 1.8's filter expressions:
 *
 *     Or    = And { _ "or" _ And }                 And   = Not { _ "and" _ Not }
 *     Not   = "not" _ Not | Group                  Group = "(" [_] Or [_] ")" | Match
 *     Match = Selector ( [_] ("==" | "!=") [_] | _ ["not" _] ("contains" | "matches") _ ) Value
 *           | Selector _ "is" _ ["not" _] "empty"
 *           | Value _ ["not" _] "in" _ Selector
 *     Selector = Name { "." Name | "[" [_] String [_] "]" }      Value = Selector | Number | String
 *
 * Alternatives are tried in this order. A word is a keyword only where the grammar allows a keyword: `not in Tags` tests for
 * the tag "not". No alternative reads a nested part a second time, so parsing takes linear time.
 * @throws OperatingError invalid, code "filter", with Consul's texts
 */
export function parseFilter(expression: string): FilterNode {
  if (expression.length > lengthMax) throw filterError(`the expression is longer than ${lengthMax} characters`);
  return new FilterParser(expression).parse();
}

type Comparison = Pick<FilterMatch, "operator" | "negated">;

class FilterParser {
  readonly #scan: FilterScanner;
  #depth = 0;

  constructor(text: string) {
    this.#scan = new FilterScanner(text);
  }

  parse(): FilterNode {
    this.#scan.space();
    const node = this.#or();
    if (node !== undefined) this.#scan.space();
    if (node === undefined || !this.#scan.end() || this.#scan.hasFaults) throw this.#scan.error();
    return node;
  }

  #or(): FilterNode | undefined {
    return this.#chain("or", () => this.#chain("and", () => this.#not()));
  }

  #chain(kind: "and" | "or", readTerm: () => FilterNode | undefined): FilterNode | undefined {
    const first = readTerm();
    if (first === undefined) return undefined;
    const terms = [first];
    for (;;) {
      const next = this.#scan.attempt(() => (this.#scan.word(kind) && this.#scan.space() ? readTerm() : undefined));
      if (next === undefined) return terms.length === 1 ? first : { kind, terms };
      terms.push(next);
    }
  }

  #not(): FilterNode | undefined {
    const term = this.#scan.attempt(() =>
      this.#scan.literal("not") && this.#scan.space() ? this.#nested(() => this.#not()) : undefined,
    );
    return term === undefined ? this.#group() : { kind: "not", term };
  }

  #group(): FilterNode | undefined {
    return this.#scan.attempt(() => {
      if (!this.#scan.literal("(")) return this.#match();
      this.#scan.space();
      const node = this.#nested(() => this.#or());
      if (node === undefined) return undefined;
      this.#scan.space();
      return this.#scan.literal(")") ? node : this.#scan.fault("grouping", "Unmatched parentheses");
    });
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > depthMax) throw filterError(`the expression is nested deeper than ${depthMax} levels`);
    const node = read();
    this.#depth -= 1;
    return node;
  }

  #match(): FilterMatch | undefined {
    return this.#scan.attempt(() => this.#selectorFirst()) ?? this.#scan.attempt(() => this.#valueFirst());
  }

  #selectorFirst(): FilterMatch | undefined {
    const selector = this.#selector();
    if (selector === undefined) return undefined;
    const compared = this.#scan.attempt(() => {
      const comparison = this.#equality() ?? this.#worded("contains", "in") ?? this.#worded("matches", "matches");
      const value = comparison && this.#value();
      return comparison && value !== undefined ? { ...comparison, value } : undefined;
    });
    const rest = compared ?? this.#emptiness();
    return rest && { kind: "match", selector, ...rest };
  }

  #valueFirst(): FilterMatch | undefined {
    const value = this.#value();
    if (value === undefined) return undefined;
    const comparison = this.#worded("in", "in");
    if (comparison === undefined) return undefined;
    const selector = this.#selector();
    if (selector === undefined) return this.#scan.fault("match", "Invalid selector");
    return { kind: "match", selector, ...comparison, value };
  }

  #equality(): Comparison | undefined {
    return this.#scan.attempt(() => {
      this.#scan.space();
      const sign = this.#scan.literal("==") ? "==" : this.#scan.literal("!=") ? "!=" : undefined;
      if (sign === undefined) return undefined;
      this.#scan.space();
      return { operator: "equal", negated: sign === "!=" };
    });
  }

  #worded(word: string, operator: MatchOperator): Comparison | undefined {
    const scan = this.#scan;
    if (scan.attempt(() => (scan.word(word) && scan.space()) || undefined)) return { operator, negated: false };
    const isNegated = scan.attempt(() => (scan.word("not") && scan.word(word) && scan.space()) || undefined);
    return isNegated && { operator, negated: true };
  }

  #emptiness(): (Comparison & { value: string }) | undefined {
    const scan = this.#scan;
    const empty = { operator: "is-empty", value: "" } as const;
    if (scan.attempt(() => (scan.word("is") && scan.word("empty")) || undefined)) return { ...empty, negated: false };
    const isNegated = scan.attempt(() => (scan.word("is") && scan.word("not") && scan.word("empty")) || undefined);
    return isNegated && { ...empty, negated: true };
  }

  #selector(): string[] | undefined {
    const first = this.#scan.name();
    if (first === undefined) return undefined;
    const path = [first];
    for (;;) {
      const name = this.#scan.attempt(() => (this.#scan.literal(".") ? this.#scan.name() : undefined));
      const next = name ?? this.#scan.attempt(() => this.#index());
      if (next === undefined) return path;
      path.push(next);
    }
  }

  #index(): string | undefined {
    if (!this.#scan.literal("[")) return undefined;
    this.#scan.space();
    const key = this.#scan.string();
    if (key === undefined) return this.#scan.fault("index", "Invalid index");
    this.#scan.space();
    return this.#scan.literal("]") ? key : this.#scan.fault("index", "Unclosed index expression");
  }

  #value(): string | undefined {
    return this.#selector()?.join(".") ?? this.#scan.number() ?? this.#scan.string();
  }
}
