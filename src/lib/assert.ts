/** Throws when the code itself is wrong. Never for input: bad input is an OperatingError. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
