/**
 * Returns the error from the arguments of a UDP socket's error handler. Bun 1.4.5 passes the error alone, although its types
 * put the socket before it; read by the types it would be undefined, and a client that closed its port would end the agent.
 */
export function socketError(...given: readonly unknown[]): Error {
  const error = given.at(-1);
  return error instanceof Error ? error : new Error(String(error));
}
