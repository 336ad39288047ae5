/**
 * Returns the error from the arguments of a UDP socket's error handler. Bun 1.4.5 passes only the error, although its types put
 * the socket before it. A handler that followed the types would get undefined as the error, and a client that closed its port
 * would end the agent.
 */
export function socketError(...given: readonly unknown[]): Error {
  const error = given.at(-1);
  return error instanceof Error ? error : new Error(String(error));
}
