/** Decodes the inside of a Go string literal. Returns undefined when it has an escape that Go does not know. */
export function unquoteGo(quote: '"' | "`", inner: string): string | undefined {
  if (quote === "`") return inner.replaceAll("\r", "");
  if (inner.includes("\n")) return undefined;
  const bytes: Buffer[] = [];
  const piece = /[^\\]+|\\(?:([abfnrtv\\])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;
  while (piece.lastIndex < inner.length) {
    const found = piece.exec(inner);
    const decoded = found && decodePiece(found);
    if (!decoded) return undefined;
    bytes.push(decoded);
  }
  return Buffer.concat(bytes).toString("utf8");
}

function decodePiece([whole, letter, hex, octal, short, long]: RegExpExecArray): Buffer | undefined {
  if (letter !== undefined) return Buffer.from(escapes[letter] ?? "");
  const byte = hex ? Number.parseInt(hex, 16) : octal && Number.parseInt(octal, 8);
  if (typeof byte === "number") return byte > 0xff ? undefined : Buffer.of(byte);
  const digits = short ?? long;
  if (digits === undefined) return Buffer.from(whole);
  const point = Number.parseInt(digits, 16);
  const isCharacter = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
  return isCharacter ? Buffer.from(String.fromCodePoint(point)) : undefined;
}

const escapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
};

const goInteger = /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?[0-9])*)$/;

/** Parses an integer as Go's ParseInt with base 0: "80", "0x50", "0120" (octal), "1_000". A fault is Go's error text. */
export function parseGoInt(text: string): bigint | { readonly fault: string } {
  const fault = (why: string): { fault: string } => ({
    fault: `strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`,
  });
  if (!goInteger.test(text)) return fault("invalid syntax");
  const digits = text.replaceAll("_", "").replace(/^[+-]/, "");
  const magnitude = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const value = text.startsWith("-") ? -magnitude : magnitude;
  return BigInt.asIntN(64, value) === value ? value : fault("value out of range");
}
