import { type CharacterTest, parseBracketClass, parseEscapedClass, Re2SyntaxError, sameLetter } from "./re2-class.ts";

export type Re2Node =
  | { readonly kind: "character"; readonly test: CharacterTest }
  | { readonly kind: "sequence" | "choice"; readonly parts: readonly Re2Node[] }
  | {
      readonly kind: "repeat";
      readonly part: Re2Node;
      readonly min: number;
      readonly max: number;
      /** Whether it takes as much as it can, or as little. */
      readonly greedy: boolean;
    }
  /** A part in parentheses that is told of; they are numbered from 1 by where they open. */
  | { readonly kind: "group"; readonly part: Re2Node; readonly index: number }
  | { readonly kind: "position"; readonly at: Position };

export type Position = "text-start" | "text-end" | "line-start" | "line-end" | "word-edge" | "not-word-edge";

/** RE2's limit of one repetition's count. */
const repeatMax = 1000;
/** RE2's limit of nesting. */
const depthMax = 1000;

interface Flags {
  readonly i: boolean;
  readonly m: boolean;
  readonly s: boolean;
  /** Repetitions are as short as they can be, and with a `?` as long. */
  readonly U: boolean;
}

interface Repetition {
  readonly min: number;
  readonly max: number;
}

/** Reads RE2's syntax as Go's regexp accepts it. @throws Re2SyntaxError */
export function parseRe2(pattern: string): Re2Node {
  return new Re2Parser(pattern).parse();
}

class Re2Parser {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  #groups = 0;
  #flags: Flags = { i: false, m: false, s: false, U: false };

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  parse(): Re2Node {
    const node = this.#choice();
    if (this.#at < this.#pattern.length) throw new Re2SyntaxError("unexpected )", this.#pattern);
    return node;
  }

  #choice(): Re2Node {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    return parts.length === 1 && parts[0] ? parts[0] : { kind: "choice", parts };
  }

  #sequence(): Re2Node {
    const parts: Re2Node[] = [];
    while (this.#at < this.#pattern.length && !"|)".includes(this.#pattern[this.#at] ?? "")) {
      const start = this.#at;
      const repeat = this.#repetition();
      const part = repeat === undefined ? this.#atom() : parts.pop();
      if (part === undefined && repeat !== undefined) {
        throw new Re2SyntaxError("missing argument to repetition operator", this.#pattern.slice(start, this.#at));
      }
      if (part !== undefined) parts.push(repeat === undefined ? part : { kind: "repeat", part, ...repeat });
    }
    return { kind: "sequence", parts };
  }

  /** `*`, `+`, `?` or `{n,m}`, with a following `?`; a second one right after it is an error. */
  #repetition(): (Repetition & { greedy: boolean }) | undefined {
    const start = this.#at;
    const repeat = this.#repetitionSign();
    if (repeat === undefined) return undefined;
    const isSwapped = this.#take("?");
    const end = this.#at;
    if (this.#repetitionSign() !== undefined) {
      throw new Re2SyntaxError(
        "invalid nested repetition operator",
        this.#pattern.slice(start, Math.max(this.#at, end)),
      );
    }
    return { ...repeat, greedy: isSwapped === this.#flags.U };
  }

  #repetitionSign(): Repetition | undefined {
    if (this.#take("*")) return { min: 0, max: Infinity };
    if (this.#take("+")) return { min: 1, max: Infinity };
    if (this.#take("?")) return { min: 0, max: 1 };
    // RE2: a brace that is no count stands for itself.
    const counted = this.#match(/\{(\d+)(?:(,)(\d*))?\}/y);
    if (counted === undefined) return undefined;
    const [whole, low, comma, high] = counted;
    const min = Number(low);
    const max = comma === undefined ? min : high === "" ? Infinity : Number(high);
    if (min > repeatMax || (max > repeatMax && max !== Infinity) || min > max) {
      throw new Re2SyntaxError("invalid repeat count", whole);
    }
    return { min, max };
  }

  /** undefined for what matches nothing by itself, like `(?i)`. */
  #atom(): Re2Node | undefined {
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    switch (character) {
      case "(":
        return this.#group();
      case "[":
        return this.#bracketClass();
      case "\\":
        return this.#escape();
      case "^":
        return this.#position(1, this.#flags.m ? "line-start" : "text-start");
      case "$":
        return this.#position(1, this.#flags.m ? "line-end" : "text-end");
      case ".":
        this.#at += 1;
        return { kind: "character", test: this.#flags.s ? () => true : (other) => other !== "\n" };
      default:
        this.#at += character.length;
        return this.#literal(character);
    }
  }

  #literal(character: string): Re2Node {
    const test: CharacterTest = this.#flags.i
      ? (other) => sameLetter(other, character)
      : (other) => other === character;
    return { kind: "character", test };
  }

  #position(length: number, at: Position): Re2Node {
    this.#at += length;
    return { kind: "position", at };
  }

  #group(): Re2Node | undefined {
    const outer = this.#flags;
    this.#at += 1;
    const isNumbered = !this.#take("?") || this.#match(/P<[A-Za-z0-9_]+>/y) !== undefined;
    if (!isNumbered && !this.#groupFlags()) return undefined;
    if (isNumbered) this.#groups += 1;
    const index = this.#groups;
    this.#depth += 1;
    if (this.#depth > depthMax) throw new Re2SyntaxError("expression nests too deeply", this.#pattern);
    const node = this.#choice();
    this.#depth -= 1;
    if (!this.#take(")")) throw new Re2SyntaxError("missing closing )", this.#pattern);
    this.#flags = outer;
    return isNumbered ? { kind: "group", part: node, index } : node;
  }

  /** `i:`, `-s:` and the like after `(?`: true. `i)`: false; the flags hold for the rest of the group around it. */
  #groupFlags(): boolean {
    const start = this.#at;
    const found = this.#match(/([imsU]*)(?:-([imsU]+))?([:)])/y);
    if (found === undefined || (found[0] === ")" && found[1] === "")) {
      const rest = this.#pattern.slice(start);
      if (rest.startsWith("P<")) throw new Re2SyntaxError("invalid named capture", `(?${rest}`);
      throw new Re2SyntaxError("invalid or unsupported Perl syntax", `(?${rest.slice(0, 1)}`);
    }
    const [, on = "", off = "", end] = found;
    const flag = (letter: keyof Flags): boolean =>
      (this.#flags[letter] || on.includes(letter)) && !off.includes(letter);
    this.#flags = { i: flag("i"), m: flag("m"), s: flag("s"), U: flag("U") };
    return end === ":";
  }

  #bracketClass(): Re2Node {
    const parsed = parseBracketClass(this.#pattern, this.#at, { ignoreCase: this.#flags.i });
    this.#at = parsed.end;
    return { kind: "character", test: parsed.test };
  }

  #escape(): Re2Node {
    const letter = this.#pattern[this.#at + 1];
    if (letter === undefined) throw new Re2SyntaxError("trailing backslash at end of expression", "");
    if (letter === "A") return this.#position(2, "text-start");
    if (letter === "z") return this.#position(2, "text-end");
    if (letter === "b") return this.#position(2, "word-edge");
    if (letter === "B") return this.#position(2, "not-word-edge");
    if (letter === "Q") return this.#quoted();
    const parsed = parseEscapedClass(this.#pattern, this.#at, { ignoreCase: this.#flags.i });
    this.#at = parsed.end;
    return { kind: "character", test: parsed.test };
  }

  /** `\Q...\E`: the text stands for itself. */
  #quoted(): Re2Node {
    const end = this.#pattern.indexOf("\\E", this.#at + 2);
    const text = this.#pattern.slice(this.#at + 2, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#pattern.length : end + 2;
    return { kind: "sequence", parts: Array.from(text, (character) => this.#literal(character)) };
  }

  #take(character: string): boolean {
    if (this.#pattern[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.#pattern) ?? undefined;
    this.#at += found?.[0].length ?? 0;
    return found;
  }
}
