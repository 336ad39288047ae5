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

const escape = /\\(?:([abfnrtv\\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)/g;

/**
 * The meaning of what stands between two quotes: Go's escapes, but `${...}` is left exactly as written.
 * undefined when an escape is not known.
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
  const text = part.replace(escape, (_, char?: string, octal?: string, hex?: string, u4?: string, u8?: string) => {
    if (char !== undefined) return simple[char] ?? "";
    const code = octal === undefined ? Number.parseInt(hex ?? u4 ?? u8 ?? "", 16) : Number.parseInt(octal, 8);
    if (code >= 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    known = false;
    return "";
  });
  return known ? text : undefined;
}

/** Cuts at `${` and its closing brace; braces inside are counted. */
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
