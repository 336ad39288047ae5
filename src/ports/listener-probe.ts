import type { Clock } from "../lib/clock.ts";
import { ipVersion } from "../lib/ip-version.ts";
import type { HostPort } from "./hosts.ts";

/** Resolves with whether a program listens at a port of this machine. */
export type ListenerProbe = (hostPort: HostPort) => Promise<boolean>;

/** Time limit for a connect, for firewalls that drop packets. A local connect takes less than a millisecond. */
const connectTimeoutMs = 300;

/**
 * Returns a probe that connects to the port at the loopback addresses, the node's address and the given host, and sends nothing.
 */
export function connectingProbe(clock: Clock, nodeAddress: string): ListenerProbe {
  return async ({ host, port }) => {
    const addresses = new Set(["127.0.0.1", "::1", ...[nodeAddress, host].filter((name) => ipVersion(name) !== 0)]);
    const found = await Promise.all([...addresses].map((address) => acceptsAt(address, port, clock)));
    return found.includes(true);
  };
}

function acceptsAt(hostname: string, port: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (isListening: boolean): void => {
      timer.cancel();
      resolve(isListening);
    };
    const timer = clock.schedule(connectTimeoutMs, () => end(false));
    const open = (socket: Bun.Socket): void => {
      socket.terminate();
      end(true);
    };
    // node:net would cost an idle agent 4 MiB.
    Bun.connect({ hostname, port, socket: { open, data() {}, connectError: () => end(false) } }).catch(() =>
      end(false),
    );
  });
}

/**
 * Whether a program can listen at this port of this machine. A port without a listener can still be the local port of an
 * outgoing connection, if the range to assign from overlaps the system's (ip_local_port_range).
 */
export function canListen(port: number): boolean {
  try {
    Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
