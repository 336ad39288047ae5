import type { Clock } from "../lib/clock.ts";
import { ipVersion } from "../lib/ip-version.ts";
import type { HostPort } from "./hosts.ts";

/** Resolves to true if a program listens at a port of this machine, else to false. */
export type ListenerProbe = (hostPort: HostPort) => Promise<boolean>;

/** Timeout of one connection attempt, in milliseconds, in case a firewall drops packets. A local connect takes under 1 ms. */
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
    // Uses Bun.connect, since node:net would cost an idle agent 4 MiB of memory.
    Bun.connect({ hostname, port, socket: { open, data() {}, connectError: () => end(false) } }).catch(() =>
      end(false),
    );
  });
}

/**
 * Returns whether a program can listen at this port of this machine. A port without a listener can still be the local port of
 * an outgoing connection, if the configured range of ports overlaps the system's (ip_local_port_range).
 */
export function canListen(port: number): boolean {
  try {
    Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
