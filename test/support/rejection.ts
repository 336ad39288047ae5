/**
 * Returns the error with which a promise is rejected, and throws when the promise resolves. Bun's matchers for rejections are not
 * typed as promises.
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
