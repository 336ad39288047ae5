const named: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** Matches a character to escape: quotes, backslashes, and all but letters, marks, numbers, punctuation, symbols and spaces. */
const quoted = /["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** Quotes a text as Go's format verb %q does. */
export function goQuote(text: string): string {
  return `"${text.replace(quoted, (char) => named[char] ?? escaped(char.codePointAt(0) ?? 0))}"`;
}

function escaped(codePoint: number): string {
  const hex = codePoint.toString(16);
  if (codePoint < 0x20) return `\\x${hex.padStart(2, "0")}`;
  return codePoint > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
