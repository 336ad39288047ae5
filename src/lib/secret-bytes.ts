/** Returns cryptographically random bytes, for keys and serial numbers. Not from Random, whose seed would reproduce them. */
export function secretBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}
