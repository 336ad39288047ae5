import { connect } from "node:net";
import type { HostPort } from "./host-port.ts";

/**
 * Tests whether an address answers: connects and closes at once. Unlike Bun.connect, this can be aborted.
 * @returns a function that aborts it
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
