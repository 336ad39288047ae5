/** Bytes that nobody can guess, for keys and serial numbers. Not of a Random: what a seed can tell again is no secret. */
export function secretBytes(count: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(count));
}
