/** Returns cryptographically random bytes, for keys and serial numbers. Random is not used, since its seed reproduces them. */
export function secretBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}
