import { connect } from "node:net";
import type { HostPort } from "./host-port.ts";

/**
 * Connects and closes at once, to tell whether an address answers. Unlike Bun.connect this can be called off: nothing is
 * left of it afterwards.
 * @returns what calls it off
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
