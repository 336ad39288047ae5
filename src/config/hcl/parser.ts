import { nestingMax, type ObjectTree, type Place, type SyntaxTree } from "../syntax-tree.ts";
import { Lexer, type Token, type TokenKind } from "./lexer.ts";

/**
 * Parses HCL 1, as far as configuration files use it:
 *
 *     item  = key { key } ( "=" value | object )
 *     value = string | number | bool | list | object
 *     list  = "[" [ value { "," value } [ "," ] ] "]"
 *
 * `a "b" { c = 1 }` means { a: [{ b: [{ c: 1 }] }] }: each object is wrapped in a list, and repeating the key appends to
 * that list; a repeated scalar replaces the earlier one.
 *
 * A file that begins with "{" holds one JSON object, with ":" after its keys. Commas between its entries are optional, as in
 * HCL. Consul accepts such a file, too, but silently ignores everything after a missing comma.
 * @throws OperatingError invalid, with line and column
 */
export function parseHcl(text: string, file: string): ObjectTree {
  return new Parser(new Lexer(text, file)).file();
}

class Parser {
  readonly #lexer: Lexer;
  #token: Token;
  #depth = 0;
  #isJson = false;

  constructor(lexer: Lexer) {
    this.#lexer = lexer;
    this.#token = lexer.next();
  }

  file(): ObjectTree {
    const { place } = this.#token;
    this.#isJson = this.#takeIf("{");
    const root = this.#items(this.#isJson ? "}" : "end", place);
    if (this.#isJson) this.#expect("}");
    if (!this.#is("end")) throw this.#unexpected("nothing after the object");
    return root;
  }

  #items(closing: "end" | "}", place: Place): ObjectTree {
    const entries = new Map<string, SyntaxTree>();
    while (!this.#is(closing)) {
      if (this.#is("end")) throw this.#unexpected("'}'");
      this.#item(entries);
      this.#takeIf(",");
    }
    return { kind: "object", entries, place };
  }

  #item(entries: Map<string, SyntaxTree>): void {
    const keys: Token[] = [];
    while ((this.#is("ident") || this.#is("string")) && !(this.#isJson && keys.length > 0)) keys.push(this.#take());
    const [first, ...labels] = keys;
    if (first === undefined) throw this.#unexpected("a key");
    if (this.#isJson) this.#expect(":");
    else if (this.#takeIf("=")) {
      if (labels.length > 0) throw this.#lexer.fail(first.place, `${keys.length} keys before '=': expected '{'`);
    } else if (!this.#is("{")) throw this.#unexpected(`'=' or '{' after the key ${first.text}`);
    const value = this.#nested(labels.length, first.place, () => this.#value());
    add(entries, first.text, wrap(value, labels, first.place));
  }

  #value(): SyntaxTree {
    const { kind, place, text, value } = this.#token;
    if (kind === "{") return this.#object();
    if (kind === "[") return this.#list();
    if (this.#isJson && kind === "ident" && text === "null") {
      this.#take();
      return { kind: "scalar", value: null, place };
    }
    if (kind !== "string" && kind !== "number" && kind !== "bool") throw this.#unexpected("a value");
    this.#take();
    return { kind: "scalar", value: kind === "string" ? text : value, place };
  }

  #object(): SyntaxTree {
    const { place } = this.#expect("{");
    const object = this.#nested(1, place, () => this.#items("}", place));
    this.#expect("}");
    return { kind: "list", items: [object], place };
  }

  #list(): SyntaxTree {
    const { place } = this.#expect("[");
    const items = this.#nested(1, place, () => this.#listItems());
    this.#expect("]");
    return { kind: "list", items, place };
  }

  #listItems(): readonly SyntaxTree[] {
    const items: SyntaxTree[] = [];
    this.#takeIf(",");
    while (!this.#is("]")) {
      const item = this.#value();
      items.push(...(item.kind === "list" && isBlock(item) ? item.items : [item]));
      if (!this.#takeIf(",") && !this.#is("]")) throw this.#unexpected("',' or ']'");
    }
    return items;
  }

  #nested<T>(levels: number, place: Place, parse: () => T): T {
    this.#depth += levels;
    if (this.#depth > nestingMax) throw this.#lexer.fail(place, `more than ${nestingMax} levels of nesting`);
    const parsed = parse();
    this.#depth -= levels;
    return parsed;
  }

  #is(kind: TokenKind): boolean {
    return this.#token.kind === kind;
  }

  #takeIf(kind: TokenKind): boolean {
    const taken = this.#is(kind);
    if (taken) this.#take();
    return taken;
  }

  #expect(kind: TokenKind): Token {
    if (!this.#is(kind)) throw this.#unexpected(`'${kind}'`);
    return this.#take();
  }

  #take(): Token {
    const taken = this.#token;
    this.#token = this.#lexer.next();
    return taken;
  }

  #unexpected(wanted: string): Error {
    const { kind, text, place } = this.#token;
    const found = kind === "end" ? "the end of the file" : text === "" ? `'${kind}'` : `${kind} ${text}`;
    return this.#lexer.fail(place, `expected ${wanted}, got ${found}`);
  }
}

/** Returns whether a list only wraps a single object; the parser unwraps such a list inside another list. */
function isBlock(tree: SyntaxTree & { kind: "list" }): boolean {
  return tree.items.length === 1 && tree.items[0]?.kind === "object";
}

function wrap(value: SyntaxTree, labels: readonly Token[], place: Place): SyntaxTree {
  return labels.reduceRight<SyntaxTree>(
    (inner, label) => ({
      kind: "list",
      items: [{ kind: "object", entries: new Map([[label.text, inner]]), place: label.place }],
      place: label.place,
    }),
    value.kind === "scalar" ? value : { ...value, place },
  );
}

function add(entries: Map<string, SyntaxTree>, key: string, value: SyntaxTree): void {
  const earlier = entries.get(key);
  const both = earlier?.kind === "list" && value.kind === "list";
  entries.set(key, both ? { ...earlier, items: [...earlier.items, ...value.items] } : value);
}
