import { connect } from "node:net";
import type { HostPort } from "./host-port.ts";

/**
 * Tests whether an address accepts connections: connects, closes the connection, and calls `onEnd`, with the error if the
 * connection failed. Unlike Bun.connect, the attempt can be aborted.
 * @returns a function that aborts the attempt
 */
export function probeAddress({ host, port }: HostPort, onEnd: (error: Error | undefined) => void): () => void {
  const socket = connect({ host, port });
  socket.on("connect", () => {
    socket.destroy();
    onEnd(undefined);
  });
  socket.on("error", onEnd);
  return () => void socket.destroy();
}
