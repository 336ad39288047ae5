/** HCL 1 numbers: decimal, 0x hexadecimal, 0-prefixed octal, floats. undefined for anything else. */
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
  // A fraction only after its point: digits that two parts could share are tried in all ways.
  if (/^(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(digits)) return Number(digits);
  return undefined;
}
