/** What is wrong with a UUID, in Consul's words; it takes the digits with or without hyphens between them. */
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

/** Whether the text has the form in which UUIDs are made. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Whether some UUID begins with the text. */
export function beginsUuid(text: string): boolean {
  return isUuid(text + "00000000-0000-0000-0000-000000000000".slice(text.length));
}

/** The UUID (version 5) of a name: the same for the same name and space, which is a UUID, too. */
export function uuidOfName(name: string, space: string): string {
  return Bun.randomUUIDv5(name, space);
}
