import { type Piece, splitActions, type Token, tokensOf } from "./template-tokens.ts";

/** A Go text/template as a tree. */
export type TemplateNode =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly pipe: Pipe }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
    };

export interface Pipe {
  /** Names of variables to assign, with their dollar signs; a range may have two, for index and element. */
  readonly variables: readonly string[];
  /** Whether the variables are declared (`:=`); false if they are only assigned (`=`). */
  readonly declares: boolean;
  readonly commands: readonly Command[];
}

/** An operand and its arguments: `include "name" "eth0"`. */
export type Command = readonly [Operand, ...Operand[]];

export type Operand =
  | { readonly kind: "constant"; readonly value: string | number | boolean | undefined }
  | { readonly kind: "dot" }
  | { readonly kind: "variable" | "function"; readonly name: string }
  | { readonly kind: "pipe"; readonly pipe: Pipe }
  /** A field of another operand's value: `$x.Name`. */
  | { readonly kind: "field"; readonly of: Operand; readonly name: string };

/** Maximum nesting of a template, so that no template can exhaust the stack. Go has no such limit. */
const depthMax = 100;

/** Parses a template and returns the nodes of its syntax tree. @throws Error with the reason */
export function parseTemplate(template: string, functions: ReadonlySet<string>): readonly TemplateNode[] {
  const parser = new TemplateParser(splitActions(template), functions);
  return parser.parse();
}

/** A recursive-descent parser of templates. `#tokens` holds the tokens of the current action. */
class TemplateParser {
  readonly #pieces: readonly Piece[];
  readonly #functions: ReadonlySet<string>;
  #next = 0;
  #tokens: readonly Token[] = [];
  #at = 0;
  #depth = 0;
  /** Names of the variables in scope; $ is the list of all addresses. */
  #variables: string[] = ["$"];

  constructor(pieces: readonly Piece[], functions: ReadonlySet<string>) {
    this.#pieces = pieces;
    this.#functions = functions;
  }

  parse(): readonly TemplateNode[] {
    const { nodes, ending } = this.#list();
    return ending === undefined ? nodes : fail(`unexpected {{${ending}}}`);
  }

  /** Parses the syntax tree's nodes up to {{end}} or {{else}}, whose remaining tokens the caller parses. */
  #list(): { nodes: readonly TemplateNode[]; ending: "end" | "else" | undefined } {
    const nodes: TemplateNode[] = [];
    for (;;) {
      const piece = this.#pieces[this.#next];
      if (piece === undefined) return { nodes, ending: undefined };
      this.#next += 1;
      if ("text" in piece) {
        nodes.push({ kind: "text", text: piece.text });
        continue;
      }
      this.#tokens = tokensOf(piece.action);
      this.#at = 0;
      this.#skipSpace();
      const token = this.#peek();
      const word = token.kind === "word" ? token.name : "";
      if (word === "end" || word === "else") {
        this.#at += 1;
        return { nodes, ending: word };
      }
      nodes.push(this.#action(word));
    }
  }

  #action(word: string): TemplateNode {
    switch (word) {
      case "if":
      case "with":
      case "range":
        this.#at += 1;
        return this.#control(word);
      case "define":
      case "template":
      case "block":
        return fail(`{{${word}}} is not available in an address template`);
      default:
        return { kind: "action", pipe: this.#wholePipe("command") };
    }
  }

  #control(kind: "if" | "with" | "range"): TemplateNode {
    return this.#nested(() => {
      const known = [...this.#variables];
      const pipe = this.#wholePipe(kind);
      const body = this.#list();
      let otherwise: readonly TemplateNode[] = [];
      if (body.ending === "else") otherwise = this.#else(kind);
      else this.#endOf(kind, body.ending);
      this.#variables = known;
      return { kind, pipe, body: body.nodes, otherwise };
    });
  }

  /**
   * Parses the nodes after {{else}}. `{{else if x}}` is short for `{{else}}{{if x}}`, and its {{end}} also closes the outer
   * block.
   */
  #else(kind: string): readonly TemplateNode[] {
    this.#skipSpace();
    const token = this.#peek();
    if (kind === "if" && token.kind === "word" && token.name === "if") {
      this.#at += 1;
      return [this.#control("if")];
    }
    this.#expectEnd("else");
    const { nodes, ending } = this.#list();
    this.#endOf(kind, ending);
    return nodes;
  }

  #endOf(kind: string, ending: "end" | "else" | undefined): void {
    if (ending === undefined) fail(`{{${kind}}} without {{end}}`);
    if (ending === "else") fail("expected {{end}}; found {{else}}");
    this.#expectEnd("end");
  }

  #expectEnd(where: string): void {
    this.#skipSpace();
    if (this.#peek().kind !== "end") fail(`unexpected words behind {{${where}`);
  }

  #wholePipe(where: string): Pipe {
    const pipe = this.#pipe(where);
    return this.#peek().kind === "end" ? pipe : fail(`unexpected ${shown(this.#peek())} in ${where}`);
  }

  /** Parses a pipeline up to the action's end or a closing parenthesis. */
  #pipe(where: string): Pipe {
    const { variables, declares } = this.#assignment(where);
    const commands: Command[] = [];
    for (;;) {
      const [first, ...others] = this.#operands();
      if (first !== undefined) commands.push([first, ...others]);
      else if (commands.length === 0 || this.#isMark("|")) fail(`missing value for ${where}`);
      if (commands.length > 1 && first?.kind === "constant")
        fail(`non executable command in pipeline stage ${commands.length}`);
      if (!this.#isMark("|")) break;
      this.#at += 1;
    }
    if (declares) this.#variables.push(...variables);
    return { variables, declares, commands };
  }

  /** Parses `$a :=`, `$a =`, and in a range `$i, $a :=`. */
  #assignment(where: string): Pick<Pipe, "variables" | "declares"> {
    const start = this.#at;
    const variables: string[] = [];
    for (;;) {
      this.#skipSpace();
      const token = this.#peek();
      if (token.kind !== "variable") break;
      variables.push(token.name);
      this.#at += 1;
      this.#skipSpace();
      if (this.#isMark(":=") || this.#isMark("=")) {
        const declares = this.#isMark(":=");
        this.#at += 1;
        if (variables.length > (where === "range" ? 2 : 1)) fail(`too many declarations in ${where}`);
        if (!declares) for (const name of variables) this.#expectKnown(name);
        return { variables, declares };
      }
      if (!this.#isMark(",")) break;
      this.#at += 1;
    }
    this.#at = start;
    return { variables: [], declares: false };
  }

  #expectKnown(name: string): void {
    if (!this.#variables.includes(name)) fail(`undefined variable ${JSON.stringify(name)}`);
  }

  #operands(): readonly Operand[] {
    const operands: Operand[] = [];
    for (;;) {
      this.#skipSpace();
      const operand = this.#operand();
      if (operand === undefined) return operands;
      operands.push(operand);
      const { kind } = this.#peek();
      if (kind !== "space" && kind !== "end" && !this.#isMark("|") && !this.#isMark(")"))
        fail(`unexpected ${shown(this.#peek())} in operand`);
    }
  }

  #operand(): Operand | undefined {
    let operand = this.#term();
    if (operand === undefined) return undefined;
    let fields = 0;
    for (let token = this.#peek(); token.kind === "field"; token = this.#peek()) {
      fields += 1;
      if (fields > depthMax) fail(`a template is nested at most ${depthMax} deep`);
      if (operand.kind === "constant") fail(`unexpected . after term ${JSON.stringify(operand.value)}`);
      operand = { kind: "field", of: operand, name: token.name };
      this.#at += 1;
    }
    return operand;
  }

  /** Parses an operand without its fields. Returns undefined if no operand begins at the current token. */
  #term(): Operand | undefined {
    const token = this.#peek();
    if (token.kind === "field") return { kind: "dot" };
    if (token.kind === "mark" && token.text === "(") return this.#parenthesised();
    if (token.kind === "space" || token.kind === "end" || (token.kind === "mark" && token.text !== "."))
      return undefined;
    this.#at += 1;
    if (token.kind === "mark") return { kind: "dot" };
    if (token.kind === "constant") return token;
    const { name } = token;
    if (token.kind === "variable") {
      this.#expectKnown(name);
      return { kind: "variable", name };
    }
    return this.#functions.has(name)
      ? { kind: "function", name }
      : fail(`function ${JSON.stringify(name)} not defined`);
  }

  #parenthesised(): Operand {
    return this.#nested(() => {
      this.#at += 1;
      const pipe = this.#pipe("parenthesized pipeline");
      if (!this.#isMark(")")) fail("unclosed left paren");
      this.#at += 1;
      return { kind: "pipe", pipe };
    });
  }

  #nested<Node>(parse: () => Node): Node {
    this.#depth += 1;
    if (this.#depth > depthMax) fail(`a template is nested at most ${depthMax} deep`);
    const node = parse();
    this.#depth -= 1;
    return node;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: "end" };
  }

  #isMark(text: string): boolean {
    const token = this.#peek();
    return token.kind === "mark" && token.text === text;
  }

  #skipSpace(): void {
    if (this.#peek().kind === "space") this.#at += 1;
  }
}

function shown(token: Token): string {
  if (token.kind === "mark") return JSON.stringify(token.text);
  if (token.kind === "constant") return JSON.stringify(token.value ?? "nil");
  return "name" in token ? JSON.stringify(token.name) : token.kind;
}

function fail(reason: string): never {
  throw new Error(reason);
}
