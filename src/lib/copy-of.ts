/**
 * Returns a copy of the bytes from `start` to `end`. `slice` does not always copy: on a Buffer, which is a Uint8Array too,
 * it returns a view, and a write to the view changes the original.
 */
export function copyOf(bytes: Uint8Array, start = 0, end: number = bytes.length): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.subarray(start, end));
}

declare global {
  interface Uint8Array {
    /** @deprecated Returns a view when this is a Buffer. Use copyOf for a copy and subarray for a view. */
    slice(start?: number, end?: number): Uint8Array<ArrayBuffer>;
  }
}
