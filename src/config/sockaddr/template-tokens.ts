/** Text outside an action, or an action: the text between "{{" and "}}". */
export type Piece = { readonly text: string } | { readonly action: string };

const trimBefore = /^-[ \t\r\n]/;
const trimAfter = /[ \t\r\n]-$/;

/** Splits a template into texts and actions, without comments; "{{- " and " -}}" trim the blanks of the adjacent text. */
export function splitActions(template: string): readonly Piece[] {
  const pieces: Piece[] = [];
  let [at, trims] = [0, false];
  for (;;) {
    const open = template.indexOf("{{", at);
    let text = template.slice(at, open < 0 ? undefined : open);
    if (trims) text = text.trimStart();
    if (open < 0) return [...pieces, { text }];
    const close = closeOf(template, open + 2);
    let action = template.slice(open + 2, close);
    const trimsText = trimBefore.test(action);
    pieces.push({ text: trimsText ? text.trimEnd() : text });
    if (trimsText) action = action.slice(2);
    trims = trimAfter.test(action);
    if (trims) action = action.slice(0, -2);
    if (!isComment(action, trimsText)) pieces.push({ action });
    at = close + 2;
  }
}

/** Returns the offset of the "}}" that ends the action: the first one after `start` that is not in quotes. */
function closeOf(template: string, start: number): number {
  const comment = /(?:-[ \t\r\n]+)?\/\*/y;
  comment.lastIndex = start;
  if (comment.test(template)) {
    const end = template.indexOf("*/", comment.lastIndex);
    if (end < 0) throw new Error("unclosed comment");
    const close = /(?:[ \t\r\n]-)?\}\}/y;
    close.lastIndex = end + 2;
    if (!close.test(template)) throw new Error("comment ends before closing delimiter");
    return close.lastIndex - 2;
  }
  const part = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|[^"`'}]+|\}(?!\})/y;
  part.lastIndex = start;
  let at = start;
  while (part.test(template)) at = part.lastIndex;
  if (template.startsWith("}}", at)) return at;
  throw new Error(at < template.length ? "unterminated quoted string" : "unclosed action");
}

function isComment(action: string, trimmed: boolean): boolean {
  return (trimmed ? action.trimStart() : action).startsWith("/*");
}

export type Token =
  | { readonly kind: "space" }
  | { readonly kind: "end" }
  | { readonly kind: "mark"; readonly text: string }
  | { readonly kind: "word"; readonly name: string }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "constant"; readonly value: string | number | boolean | undefined };

const tokenPattern =
  /([ \t\r\n]+)|(:=|=|[|(),])|(\$[\p{L}\p{N}_]*)|\.([\p{L}_][\p{L}\p{N}_]*)|(\.)(?![\p{L}\p{N}_.])|([\p{L}_][\p{L}\p{N}_]*)|([+-]?\d[\w.]*)|("(?:[^"\\\n]|\\.)*")|`([^`]*)`|'((?:[^'\\\n]|\\.)+)'/uy;

export function tokensOf(action: string): readonly Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < action.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(action);
    if (match === null) throw new Error(`unexpected ${JSON.stringify(action.slice(at, at + 20))} in a template`);
    tokens.push(tokenOf(match));
  }
  return [...tokens, { kind: "end" }];
}

function tokenOf(match: RegExpExecArray): Token {
  const [, space, mark, variable, field, dot, word, number, quoted, raw, character] = match;
  if (space !== undefined) return { kind: "space" };
  if (mark !== undefined) return { kind: "mark", text: mark };
  if (variable !== undefined) return { kind: "variable", name: variable };
  if (field !== undefined) return { kind: "field", name: field };
  if (dot !== undefined) return { kind: "mark", text: "." };
  if (word !== undefined) return wordToken(word);
  if (number !== undefined) return { kind: "constant", value: numberOf(number) };
  if (raw !== undefined) return { kind: "constant", value: raw };
  if (character === undefined) return { kind: "constant", value: unquote((quoted ?? '""').slice(1, -1)) };
  const [only, ...others] = Array.from(unquote(character));
  if (only === undefined || others.length > 0) throw new Error(`malformed character constant: '${character}'`);
  return { kind: "constant", value: only.codePointAt(0) };
}

const constantWords: ReadonlyMap<string, boolean | undefined> = new Map([
  ["true", true],
  ["false", false],
  ["nil", undefined],
]);

function wordToken(name: string): Token {
  return constantWords.has(name) ? { kind: "constant", value: constantWords.get(name) } : { kind: "word", name };
}

/** Parses Go's integers: 42, -7, 0x1f, 0b11, 017 and 0o17, 1_000. */
function numberOf(text: string): number {
  const [, sign = "", digits = ""] = /^([+-]?)(\d\w*)$/.exec(text.replace(/(?<=\w)_(?=\w)/g, "")) ?? [];
  const value = Number(digits.replace(/^0(?=[0-7]+$)/, "0o"));
  if (digits === "" || !Number.isSafeInteger(value)) throw new Error(`${text}: a template takes whole numbers only`);
  return sign === "-" ? -value : value;
}

const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ a: "\u0007", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" },
  ...{ "\\": "\\", '"': '"', "'": "'" },
};

function unquote(text: string): string {
  return text.replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/gs, (...match) => {
    const [all, x, u, wide, octal, simple] = match.map((part: unknown) =>
      typeof part === "string" ? part : undefined,
    );
    const hex = x ?? u ?? wide;
    const known = simple === undefined ? undefined : simpleEscapes[simple];
    if (simple !== undefined) return known ?? fail(`invalid escape ${all}`);
    const point = hex === undefined ? Number.parseInt(octal ?? "0", 8) : Number.parseInt(hex, 16);
    return point > 0x10_ffff ? fail(`invalid escape ${all}`) : String.fromCodePoint(point);
  });
}

function fail(reason: string): never {
  throw new Error(reason);
}
