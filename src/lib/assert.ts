/** Throws an Error if the condition is false, which is a fault of the program. For bad input, throw an OperatingError instead. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
