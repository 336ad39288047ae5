/** Says of one character whether it matches. */
export type CharacterTest = (character: string) => boolean;

/** Why a pattern is refused, in the words of Go's regexp. */
export class Re2SyntaxError extends Error {
  constructor(what: string, where: string) {
    super(`error parsing regexp: ${what}: \`${where}\``);
  }
}

interface ClassOptions {
  readonly ignoreCase: boolean;
}

interface ParsedClass {
  readonly test: CharacterTest;
  /** Where the pattern goes on. */
  readonly end: number;
  /** The character, when the escape stands for one. */
  readonly single?: string;
}

/** Whether two characters differ in case only. */
export function sameLetter(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase() || a.toUpperCase() === b.toUpperCase();
}

/** `[...]`, which begins at `start`. @throws Re2SyntaxError */
export function parseBracketClass(pattern: string, start: number, options: ClassOptions): ParsedClass {
  const tests: CharacterTest[] = [];
  const negated = pattern[start + 1] === "^";
  let at = start + (negated ? 2 : 1);
  for (let first = true; first || pattern[at] !== "]"; first = false) {
    if (at >= pattern.length) throw new Re2SyntaxError("missing closing ]", pattern.slice(start));
    const item = parseItem(pattern, at, options);
    tests.push(item.test);
    at = item.end;
  }
  const test: CharacterTest = (character) => tests.some((one) => one(character));
  return { test: negated ? (character) => !test(character) : test, end: at + 1 };
}

/** One item of a bracket class: `a`, `a-z`, `\d`, `[:alpha:]`. */
function parseItem(pattern: string, at: number, options: ClassOptions): ParsedClass {
  const named = /\[:(\^?)(\w+):\]/y;
  named.lastIndex = at;
  const posix = named.exec(pattern);
  if (posix) return parsePosixClass(posix, at);
  const low = parseSingle(pattern, at, options);
  if (low.single === undefined || pattern[low.end] !== "-" || pattern[low.end + 1] === "]") return low;
  if (low.end + 1 >= pattern.length) return low;
  const high = parseSingle(pattern, low.end + 1, options);
  const from = low.single.codePointAt(0) ?? 0;
  const to = high.single?.codePointAt(0) ?? -1;
  if (to < from) throw new Re2SyntaxError("invalid character class range", pattern.slice(at, high.end));
  return { test: rangeTest(from, to, options), end: high.end };
}

function rangeTest(from: number, to: number, { ignoreCase }: ClassOptions): CharacterTest {
  const within: CharacterTest = (character) => {
    const code = character.codePointAt(0) ?? -1;
    return code >= from && code <= to;
  };
  if (!ignoreCase) return within;
  return (character) => within(character) || within(character.toLowerCase()) || within(character.toUpperCase());
}

function parseSingle(pattern: string, at: number, options: ClassOptions): ParsedClass {
  if (pattern[at] === "\\") return parseEscapedClass(pattern, at, options);
  const character = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
  return { ...singleTest(character, options), end: at + character.length };
}

function singleTest(single: string, { ignoreCase }: ClassOptions): { test: CharacterTest; single: string } {
  return { test: ignoreCase ? (other) => sameLetter(other, single) : (other) => other === single, single };
}

/** An escape that stands for one character or for a class, like `\n`, `\x41`, `\d`, `\pL`. @throws Re2SyntaxError */
export function parseEscapedClass(pattern: string, at: number, options: ClassOptions): ParsedClass {
  const escape =
    /\\(?:x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]+)\}|(0[0-7]{0,2}|[1-7][0-7]{1,2})|([pP])(?:\{(\^?)(\w+)\}|(\w))|([\s\S]))/uy;
  escape.lastIndex = at;
  const found = escape.exec(pattern);
  if (!found) throw new Re2SyntaxError("trailing backslash at end of expression", "");
  const [whole, hex, longHex, octal, property, caret, longName, shortName, letter = ""] = found;
  const end = at + whole.length;
  if (property !== undefined) {
    const name = longName ?? shortName ?? "";
    return { test: propertyTest(name, (property === "P") !== (caret === "^"), whole), end };
  }
  const code = (hex ?? longHex) ? Number.parseInt(hex ?? longHex ?? "", 16) : Number.parseInt(octal ?? "", 8);
  if (!Number.isNaN(code)) {
    if (code > 0x10ffff) throw new Re2SyntaxError("invalid escape sequence", whole);
    return { ...singleTest(String.fromCodePoint(code), options), end };
  }
  const perl = perlClasses[letter.toLowerCase()];
  if (perl !== undefined && letter !== "" && /[dswDSW]/.test(letter)) {
    return { test: letter === letter.toLowerCase() ? (c) => perl.test(c) : (c) => !perl.test(c), end };
  }
  const single = controls[letter] ?? (/^[!-/:-@[-`{-~]$/.test(letter) ? letter : undefined);
  if (single === undefined) throw new Re2SyntaxError("invalid escape sequence", whole);
  return { ...singleTest(single, options), end };
}

const controls: Readonly<Record<string, string>> = { a: "\u0007", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

// RE2: these are ASCII only.
const perlClasses: Readonly<Record<string, RegExp>> = {
  d: /^[0-9]$/,
  s: /^[\t\n\f\r ]$/,
  w: /^[0-9A-Za-z_]$/,
};

const posixClasses: Readonly<Record<string, RegExp>> = {
  alnum: /^[0-9A-Za-z]$/,
  alpha: /^[A-Za-z]$/,
  ascii: /^[\x00-\x7f]$/,
  blank: /^[\t ]$/,
  cntrl: /^[\x00-\x1f\x7f]$/,
  digit: /^[0-9]$/,
  graph: /^[!-~]$/,
  lower: /^[a-z]$/,
  print: /^[ -~]$/,
  punct: /^[!-/:-@[-`{-~]$/,
  space: /^[\t\n\v\f\r ]$/,
  upper: /^[A-Z]$/,
  word: /^[0-9A-Za-z_]$/,
  xdigit: /^[0-9A-Fa-f]$/,
};

function parsePosixClass([whole, caret, name = ""]: RegExpExecArray, at: number): ParsedClass {
  const known = Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
  if (known === undefined) throw new Re2SyntaxError("invalid character class range", whole);
  return { test: caret === "^" ? (c) => !known.test(c) : (c) => known.test(c), end: at + whole.length };
}

/** `\pL`, `\p{Greek}`: a general category or a script. */
function propertyTest(name: string, negated: boolean, whole: string): CharacterTest {
  for (const property of [`General_Category=${name}`, `Script=${name}`]) {
    try {
      const known = new RegExp(`^\\p{${property}}$`, "u");
      return negated ? (c) => !known.test(c) : (c) => known.test(c);
    } catch {
      // JavaScript does not know the property under this heading; the next may have it.
    }
  }
  throw new Re2SyntaxError("invalid character class range", whole);
}
