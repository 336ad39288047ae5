/** Returns Consul's text for a malformed UUID; undefined for a valid one. Consul accepts the hyphens at any place. */
export function uuidFault(id: string): string | undefined {
  if (Buffer.byteLength(id) !== 36) return "UUID must be 36 characters";
  const hyphens = id.split("-").length - 1;
  if (hyphens > 4) return `UUID should have maximum of 4 "-"; got ${hyphens}`;
  if ((36 - hyphens) % 2 !== 0) return "Input (without hyphens) must be even length";
  const [bad] = /[^-0-9a-fA-F]/.exec(id) ?? [];
  if (bad === undefined) return undefined;
  const point = bad.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return `Invalid UUID: encoding/hex: invalid byte: U+${point} '${bad}'`;
}

/** Returns whether the text is a UUID in the usual form, 8-4-4-4-12 hexadecimal digits. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Returns whether the text is the beginning of a UUID. The empty text is one. */
export function beginsUuid(text: string): boolean {
  return isUuid(text + "00000000-0000-0000-0000-000000000000".slice(text.length));
}

/** Returns the version 5 UUID that a name has in a namespace. It depends only on these two; the namespace is a UUID, too. */
export function uuidOfName(name: string, namespace: string): string {
  return Bun.randomUUIDv5(name, namespace);
}
