import { OperatingError } from "./errors.ts";
import { parseGoInt } from "./filter/go-literal.ts";

/**
 * A parsed text with expressions: "db-${name.suffix}-${match(1)}". An expression is a variable, a whole number, a quoted
 * text (which may embed expressions), one of these in parentheses, or a function call. `$$` stands for one `$`. This is HIL
 * (HashiCorp's interpolation language) without arithmetic, which prepared-query templates do not need.
 */
export type Expression =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "variable"; readonly name: string; readonly place: Place }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[]; readonly place: Place }
  | { readonly kind: "sequence"; readonly parts: readonly Expression[] };

/** Returns a position as "line:column". This is a function so that the position is computed only for an error. */
type Place = () => string;

/** The variables and functions that an expression may use. */
export interface InterpolationScope {
  readonly variables: ReadonlyMap<string, string>;
  /** The functions by name. Each has one parameter, a whole number. */
  readonly functions: ReadonlyMap<string, (number: number) => string>;
}

const depthMax = 100;

/** Parses a text with embedded expressions. @throws OperatingError invalid, code "interpolation" */
export function parseInterpolation(text: string): Expression {
  return new InterpolationParser(text).parse();
}

/** Returns the text with each expression replaced by its value. @throws OperatingError invalid, code "interpolation" */
export function evaluateInterpolation(expression: Expression, scope: InterpolationScope): string {
  return String(evaluate(expression, scope));
}

function fault(what: string): OperatingError {
  return new OperatingError("invalid", "interpolation", what);
}

class InterpolationParser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Expression {
    return sequence(this.#pieces({ quoted: false }));
  }

  /** Reads plain text and expressions up to the end of the input or, if `quoted`, up to the closing quote. */
  #pieces({ quoted }: { readonly quoted: boolean }): Expression[] {
    const parts: Expression[] = [];
    for (;;) {
      const text = this.#plain(quoted);
      if (text !== "") parts.push({ kind: "text", text });
      if (this.#take("${")) {
        parts.push(this.#expression());
        this.#expect("}");
      } else {
        if (quoted) this.#expect('"');
        return parts;
      }
    }
  }

  /** Reads plain text. HIL: an unknown escape in quotes stands for itself. */
  #plain(quoted: boolean): string {
    let plain = "";
    while (this.#at < this.#text.length && !this.#text.startsWith("${", this.#at)) {
      if (quoted && this.#text[this.#at] === '"') break;
      if (this.#take("$$")) plain += "$";
      else if (quoted && this.#take("\\n")) plain += "\n";
      else if (quoted && this.#take("\\\\")) plain += "\\";
      else if (quoted && this.#take('\\"')) plain += '"';
      else {
        plain += this.#text[this.#at];
        this.#at += 1;
      }
    }
    return plain;
  }

  #expression(): Expression {
    this.#depth += 1;
    if (this.#depth > depthMax) throw syntaxError();
    const expression = this.#term();
    this.#skipSpace();
    this.#depth -= 1;
    return expression;
  }

  #term(): Expression {
    // HIL: error texts give as a name's position the beginning of the spaces before it.
    const place = this.#place();
    this.#skipSpace();
    if (this.#take("(")) {
      const inner = this.#expression();
      this.#expect(")");
      return inner;
    }
    if (this.#text[this.#at] === '"') return this.#quoted();
    const digits = this.#match(/[0-9]+/y);
    if (digits !== "") return number(digits);
    const name = this.#match(/(?!-)(?:[\p{L}\p{N}_.-]|(?<=\.)\*)+/uy);
    if (name === "") throw syntaxError();
    this.#skipSpace();
    return this.#take("(") ? { kind: "call", name, args: this.#args(), place } : { kind: "variable", name, place };
  }

  /** Reads quoted texts. HIL: adjacent ones are joined. */
  #quoted(): Expression {
    const parts: Expression[] = [];
    while (this.#take('"')) {
      parts.push(...this.#pieces({ quoted: true }));
      this.#skipSpace();
    }
    return sequence(parts);
  }

  #args(): Expression[] {
    const args: Expression[] = [];
    this.#skipSpace();
    // HIL: the first argument may be missing before a comma, as in `match(,1)`.
    if (!/[,)]/.test(this.#text[this.#at] ?? "")) args.push(this.#expression());
    while (this.#take(",")) args.push(this.#expression());
    this.#expect(")");
    return args;
  }

  /** Returns the current position in the text. HIL: the column is one too high in all lines but the first. */
  #place(): Place {
    const at = this.#at;
    return () => {
      const lines = this.#text.slice(0, at).split("\n");
      const column = Array.from(lines.at(-1) ?? "").length + (lines.length === 1 ? 1 : 2);
      return `${lines.length}:${column}`;
    };
  }

  #skipSpace(): void {
    this.#match(/\s+/y);
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false;
    this.#at += token.length;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw syntaxError();
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const matched = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += matched.length;
    return matched;
  }
}

function syntaxError(): OperatingError {
  return fault("parse error: syntax error");
}

function sequence(parts: readonly Expression[]): Expression {
  const [only, second] = parts;
  return only && !second ? only : { kind: "sequence", parts };
}

function number(digits: string): Expression {
  const value = parseGoInt(digits);
  if (typeof value !== "bigint") throw syntaxError();
  return { kind: "number", value: Number(value) };
}

function evaluate(expression: Expression, scope: InterpolationScope): string | number {
  switch (expression.kind) {
    case "text":
      return expression.text;
    case "number":
      return expression.value;
    case "sequence":
      return expression.parts.map((part) => evaluate(part, scope)).join("");
    case "variable": {
      const value = scope.variables.get(expression.name);
      if (value === undefined) throw fault(`${expression.place()}: unknown variable accessed: ${expression.name}`);
      return value;
    }
    case "call":
      return call(expression, scope);
  }
}

function call({ name, args, place }: Extract<Expression, { kind: "call" }>, scope: InterpolationScope): string {
  const values = args.map((arg) => evaluate(arg, scope));
  const called = scope.functions.get(name);
  if (called === undefined) throw fault(`${place()}: unknown function called: ${name}`);
  const [value] = values;
  if (value === undefined || values.length > 1)
    throw fault(`${place()}: ${name}: expected 1 arguments, got ${values.length}`);
  return called(wholeNumber(value));
}

function wholeNumber(value: string | number): number {
  if (typeof value === "number") return value;
  const parsed = parseGoInt(value);
  if (typeof parsed !== "bigint") throw fault(`__builtin_StringToInt: ${parsed.fault}`);
  return Number(parsed);
}
