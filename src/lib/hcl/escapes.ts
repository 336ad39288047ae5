const simple: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** Matches Go's escapes; a backslash that begins no escape is matched alone. */
const escape = /\\(?:[abfnrtv\\"]|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|)/g;

/**
 * Decodes the text between two quotes: Go's escapes are replaced, `${...}` stays as written. Returns undefined for an
 * unknown escape.
 */
export function unescapeHclString(raw: string): string | undefined {
  let text = "";
  for (const part of splitInterpolations(raw)) {
    const plain = part.startsWith("${") ? part : unescape(part);
    if (plain === undefined) return undefined;
    text += plain;
  }
  return text;
}

function unescape(part: string): string | undefined {
  let known = true;
  const text = part.replace(escape, (written) => {
    const meaning = meaningOf(written.slice(1));
    known &&= meaning !== undefined;
    return meaning ?? "";
  });
  return known ? text : undefined;
}

/** Returns the character for an escape, given the text after its backslash; undefined for an unknown escape. */
function meaningOf(written: string): string | undefined {
  if (written.length === 1) return simple[written];
  if (written === "") return undefined;
  const code = /^[xuU]/.test(written) ? Number.parseInt(written.slice(1), 16) : Number.parseInt(written, 8);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** Splits a text before each `${` and after its closing brace; braces inside may nest. */
function splitInterpolations(raw: string): readonly string[] {
  const parts: string[] = [];
  let start = 0;
  for (let at = 0; at < raw.length; at += 1) {
    if (raw[at] === "\\") at += 1;
    else if (raw.startsWith("${", at)) {
      const end = closingBrace(raw, at + 2);
      parts.push(raw.slice(start, at), raw.slice(at, end));
      start = end;
      at = end - 1;
    }
  }
  parts.push(raw.slice(start));
  return parts;
}

function closingBrace(raw: string, from: number): number {
  let depth = 1;
  let at = from;
  for (; at < raw.length && depth > 0; at += 1) {
    if (raw[at] === "{") depth += 1;
    if (raw[at] === "}") depth -= 1;
  }
  return at;
}
