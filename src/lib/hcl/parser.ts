import { Lexer, type Token, type TokenKind } from "./lexer.ts";
import {
  formatHclPlace,
  type HclComment,
  HclError,
  type HclFile,
  type HclItem,
  type HclKey,
  type HclList,
  type HclLiteral,
  type HclObject,
  type HclPlace,
  type HclValue,
} from "./syntax.ts";

/**
 * Parses HCL 1:
 *
 *     item  = key { key } ( "=" value | object )
 *     value = string | number | bool | list | object
 *     list  = "[" [ value { "," value } [ "," ] ] "]"
 *
 * A text that begins with "{" holds one JSON object, with ":" after its keys. Commas between its entries are optional, as in
 * HCL, and comments are allowed. HashiCorp's parser accepts such a text, too, but silently ignores everything after a
 * missing comma, and a missing end; this one does not.
 * @param nestingMax - maximum nesting of objects, lists and labels
 * @throws HclError
 */
export function parseHcl(text: string, { nestingMax }: { nestingMax: number }): HclFile {
  return new Parser(new Lexer(text.replaceAll("\r\n", "\n")), nestingMax).file();
}

class Parser {
  readonly #lexer: Lexer;
  readonly #nestingMax: number;
  readonly #comments: (readonly HclComment[])[] = [];
  #token: Token;
  #isUnread = false;
  #depth = 0;
  #isJson = false;
  /** Comments directly above the current token, and on the line of the token before it, that no item has taken yet. */
  #lead: readonly HclComment[] | undefined;
  #line: readonly HclComment[] | undefined;

  constructor(lexer: Lexer, nestingMax: number) {
    this.#lexer = lexer;
    this.#nestingMax = nestingMax;
    this.#token = { kind: "EOF", place: { line: 0, column: 0 }, text: "", value: "" };
  }

  file(): HclFile {
    this.#isJson = this.#peek().kind === "LBRACE";
    this.#lexer.isJson = this.#isJson;
    const items = this.#isJson ? this.#object(this.#scan()).items : this.#items("EOF");
    const next = this.#scan();
    if (next.kind !== "EOF") throw new HclError(next.place, `expected: EOF got: ${next.kind}`);
    return { isJson: this.#isJson, items, comments: this.#comments };
  }

  #items(closing: "EOF" | "RBRACE"): readonly HclItem[] {
    const items: HclItem[] = [];
    for (;;) {
      const { kind } = this.#peek();
      if (kind === closing || kind === "EOF") return items;
      items.push(this.#item());
      if (this.#peek().kind === "COMMA") this.#scan();
    }
  }

  #item(): HclItem {
    const keys = this.#isJson ? this.#jsonKey() : this.#keys();
    const lead = this.#lead;
    this.#lead = undefined;
    const isAssigned = this.#token.kind !== "LBRACE";
    const [first] = keys;
    const value = this.#nested(keys.length - 1, first?.place ?? this.#token.place, () =>
      isAssigned ? this.#value() : this.#object(this.#token),
    );
    // The look-ahead finds comments on the last line of the value.
    let line = this.#line;
    this.#line = undefined;
    this.#peek();
    if (value.place.line === first?.place.line && this.#line !== undefined) {
      line = this.#line;
      this.#line = undefined;
    }
    return { keys, isAssigned, value, ...comments(lead, line) };
  }

  /** Reads the keys and what follows them: "=" or "{". */
  #keys(): readonly HclKey[] {
    const keys: HclKey[] = [];
    for (;;) {
      const token = this.#scan();
      const { kind, place, text } = token;
      if (kind === "IDENT" || kind === "STRING") keys.push({ text, name: String(token.value), place });
      else if (kind === "LBRACE" && keys.length === 0)
        throw new HclError(place, `expected: IDENT | STRING got: ${kind}`);
      else if (kind === "ASSIGN" && keys.length === 0) throw new HclError(place, "no object keys found!");
      else if (kind === "ASSIGN" && keys.length > 1)
        throw new HclError(place, `nested object expected: LBRACE got: ${kind}`);
      else if (kind === "ASSIGN" || kind === "LBRACE") return keys;
      else if ((kind === "EOF" || kind === "RBRACE") && keys.length > 0) {
        const written = keys.map((key) => key.text).join(" ");
        throw new HclError(place, `key '${written}' expected start of object ('{') or assignment ('=')`);
      } else throw new HclError(place, `expected: IDENT | STRING | ASSIGN | LBRACE got: ${kind}`);
    }
  }

  #jsonKey(): readonly HclKey[] {
    const { kind, place, text, value } = this.#scan();
    if (kind !== "STRING") throw new HclError(place, `expected: STRING got: ${kind}`, "");
    const colon = this.#scan();
    if (colon.kind !== "COLON") throw new HclError(colon.place, `expected: COLON got: ${colon.kind}`);
    return [{ text, name: String(value), place }];
  }

  #value(): HclValue {
    const token = this.#scan();
    if (token.kind === "LBRACE") return this.#object(token);
    if (token.kind === "LBRACK") return this.#list(token.place);
    const literal = this.#literal(token);
    if (literal !== undefined) return literal;
    // HashiCorp's parser takes the missing value for the end of the object, and then misses a closing brace after it.
    if (this.#depth > 0 && (token.kind === "EOF" || token.kind === "RBRACE")) throw notClosed(this.#scan());
    throw new HclError(token.place, `Unknown token: ${formatHclPlace(token.place)} ${token.kind} ${token.text}`);
  }

  #literal({ kind, place, text, value }: Token): HclLiteral | undefined {
    if (this.#isJson && kind === "IDENT" && text === "null") return { kind: "null", text, value: null, place };
    const literalKind = literalKinds[kind];
    return literalKind === undefined ? undefined : { kind: literalKind, text, value, place };
  }

  #object(opening: Token): HclObject {
    const { place } = opening;
    const items = this.#nested(1, place, () => this.#items("RBRACE"));
    // HashiCorp's parser reads the end of the text twice, and reports the second place.
    if (this.#peek().kind === "EOF") this.#scan();
    const closing = this.#scan();
    if (closing.kind !== "RBRACE") throw notClosed(closing);
    return { kind: "object", items, place, end: closing.place };
  }

  #list(place: HclPlace): HclList {
    return { kind: "list", items: this.#nested(1, place, () => this.#listItems()), place };
  }

  #listItems(): readonly HclValue[] {
    const items: HclValue[] = [];
    let needsComma = false;
    for (;;) {
      const token = this.#scan();
      if (token.kind === "RBRACK") return items;
      if (token.kind === "COMMA") {
        this.#peek();
        const last = items.at(-1);
        if (this.#line !== undefined && last !== undefined && last.kind !== "list" && last.kind !== "object") {
          items[items.length - 1] = { ...last, lineComments: this.#line };
          this.#line = undefined;
        }
        needsComma = false;
        continue;
      }
      if (needsComma)
        throw new HclError(token.place, `error parsing list, expected comma or list end, got: ${token.kind}`);
      items.push(this.#listItem(token));
      needsComma = true;
    }
  }

  #listItem(token: Token): HclValue {
    const { kind, place } = token;
    if (kind === "LBRACE") return inList(place, "object", () => this.#object(token));
    if (kind === "LBRACK") return inList(place, "list", () => this.#list(place));
    const literal = this.#literal(token);
    if (literal === undefined) throw new HclError(place, `unexpected token while parsing list: ${kind}`);
    const lead = this.#lead;
    this.#lead = undefined;
    return { ...literal, ...comments(lead, undefined) };
  }

  #nested<T>(levels: number, place: HclPlace, parse: () => T): T {
    this.#depth += levels;
    if (this.#depth > this.#nestingMax) throw new TooDeep(place, this.#nestingMax);
    const parsed = parse();
    this.#depth -= levels;
    return parsed;
  }

  #peek(): Token {
    const token = this.#scan();
    this.#isUnread = true;
    return token;
  }

  /** Returns the next token that is no comment, and remembers the comments before it. */
  #scan(): Token {
    if (this.#isUnread) {
      this.#isUnread = false;
      return this.#token;
    }
    const before = this.#token.place.line;
    this.#token = this.#lexer.next();
    if (this.#token.kind === "COMMENT") this.#takeComments(before);
    return this.#token;
  }

  #takeComments(before: number): void {
    if (this.#token.place.line === before) {
      const { group, endLine } = this.#takeGroup(0);
      if (this.#token.place.line !== endLine) this.#line = group;
    }
    let last: { readonly group: readonly HclComment[]; readonly endLine: number } | undefined;
    while (this.#token.kind === "COMMENT") last = this.#takeGroup(1);
    const { kind, place } = this.#token;
    if (last === undefined || last.endLine + 1 !== place.line || kind === "RBRACE" || kind === "RBRACK") return;
    this.#lead = last.group;
  }

  /** Reads comments of which each begins at most `distance` lines below the end of the one before. */
  #takeGroup(distance: number): { readonly group: readonly HclComment[]; readonly endLine: number } {
    const group: HclComment[] = [];
    let endLine = this.#token.place.line;
    while (this.#token.kind === "COMMENT" && this.#token.place.line <= endLine + distance) {
      const { text, place } = this.#token;
      endLine = place.line + text.split("\n").length - 1;
      group.push({ text, place });
      this.#token = this.#lexer.next();
    }
    this.#comments.push(group);
    return { group, endLine };
  }
}

/** The error for too deep nesting, to which no list around it adds a message. */
class TooDeep extends HclError {
  constructor(place: HclPlace, nestingMax: number) {
    super(place, `more than ${nestingMax} levels of nesting`);
  }
}

function notClosed({ kind, place }: Token): HclError {
  return new HclError(place, `object expected closing RBRACE got: ${kind}`);
}

const literalKinds: Partial<Readonly<Record<TokenKind, HclLiteral["kind"]>>> = {
  STRING: "string",
  HEREDOC: "heredoc",
  NUMBER: "number",
  FLOAT: "float",
  BOOL: "bool",
};

function comments(
  lead: readonly HclComment[] | undefined,
  line: readonly HclComment[] | undefined,
): Pick<HclItem, "leadComments" | "lineComments"> {
  return {
    ...(lead === undefined ? {} : { leadComments: lead }),
    ...(line === undefined ? {} : { lineComments: line }),
  };
}

function inList<T>(place: HclPlace, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof HclError) || error instanceof TooDeep) throw error;
    throw new HclError(place, `error while trying to parse ${what} within list: ${error.message}`);
  }
}
