/**
 * Joins the parts of a row's key in lower case. Each part ends in two NULs, and a NUL within a part is followed
 * by U+0001, so that no two rows share a key and no part is a prefix of another.
 */
export function rowKey(...parts: readonly string[]): string {
  let key = "";
  for (const part of parts) key += `${part.toLowerCase().replaceAll("\0", "\0\u0001")}\0\0`;
  return key;
}

/**
 * Returns a string that sorts as the key's UTF-8 bytes do, which is Consul's order. JavaScript compares strings by UTF-16 code
 * units. The two orders differ only above U+D7FF, where the surrogates must come last: this function maps those units, one to
 * one, to code units that sort as the UTF-8 bytes do.
 */
export function kvOrder(key: string): string {
  return /[\ud800-\uffff]/.test(key) ? key.replace(/[\ud800-\uffff]/g, moveUnit) : key;
}

function moveUnit(character: string): string {
  const unit = character.charCodeAt(0);
  return String.fromCharCode(unit < 0xe000 ? unit + 0x2000 : unit - 0x800);
}
