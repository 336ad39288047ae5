/**
 * Returns what a promise is rejected with, and throws when it resolves. Bun's own matchers for it are not typed as
 * promises.
 */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof Error) return thrown;
    throw new Error(`rejected with something that is no Error: ${String(thrown)}`, { cause: thrown });
  }
  throw new Error("expected a rejection, but it was fulfilled");
}
