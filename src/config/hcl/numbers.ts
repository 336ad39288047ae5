/** Parses an HCL 1 number: decimal, 0x hexadecimal, 0-prefixed octal or float. Returns undefined for anything else. */
export function parseHclNumber(digits: string): number | undefined {
  const [, sign = "", magnitude = ""] = /^(-?)(.*)$/s.exec(digits) ?? [];
  const value = parseMagnitude(magnitude);
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return sign === "-" ? -value : value;
}

function parseMagnitude(digits: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(digits)) return Number.parseInt(digits.slice(2), 16);
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8);
  if (/^0\d+$/.test(digits)) return undefined;
  // The point separates the two groups of digits: adjacent optional groups would backtrack in quadratic time.
  if (/^(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(digits)) return Number(digits);
  return undefined;
}
