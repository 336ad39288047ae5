/**
 * The error that a UDP socket's handler is told of. Bun 1.4.5 hands it alone, where its types have the socket before it:
 * read by those types it is undefined, and a client that has closed its port would end the agent.
 */
export function socketError(...given: readonly unknown[]): Error {
  const error = given.at(-1);
  return error instanceof Error ? error : new Error(String(error));
}
