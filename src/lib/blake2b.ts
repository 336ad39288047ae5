/** Returns the BLAKE2b hash with 256 bits of the parts' UTF-8, one after the other, in base64. */
export function blake2b256(parts: readonly string[]): string {
  const hasher = new Bun.CryptoHasher("blake2b256");
  for (const part of parts) hasher.update(part);
  return hasher.digest("base64");
}
