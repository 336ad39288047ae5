import type { Clock } from "../lib/clock.ts";
import { ipVersion } from "../lib/ip-version.ts";
import type { Place } from "./hosts.ts";

/** Whether something listens at a port of this machine. */
export type ListenerProbe = (place: Place) => Promise<boolean>;

/** On the machine itself an answer takes less than a millisecond; a firewall that drops packets gives none. */
const patienceMs = 300;

/** Tries to connect to the loopback addresses, the node's own, and the one that is asked for. Nothing is sent. */
export function connectingProbe(clock: Clock, nodeAddress: string): ListenerProbe {
  return async ({ host, port }) => {
    const addresses = new Set(["127.0.0.1", "::1", ...[nodeAddress, host].filter((name) => ipVersion(name) !== 0)]);
    const answers = await Promise.all([...addresses].map((address) => answersAt(address, port, clock)));
    return answers.includes(true);
  };
}

function answersAt(hostname: string, port: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const end = (answers: boolean): void => {
      timer.cancel();
      resolve(answers);
    };
    const timer = clock.schedule(patienceMs, () => end(false));
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
 * Whether a program of this machine can listen at a port. Where nobody listens it may still be an outgoing connection's own,
 * if the range of ports to give is within the system's (ip_local_port_range).
 */
export function canListen(port: number): boolean {
  try {
    Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } }).stop(true);
    return true;
  } catch {
    return false;
  }
}
