import { connect, type Socket } from "node:net";

/** Connections of one client that wants to be in the way. It comes from an address of its own, of this machine. */
export interface HostileConnections extends Disposable {
  /** How many the agent has not ended. */
  readonly open: number;
  /** What has come back on all of them. */
  readonly received: string;
  sendOnEach(octets: string): void;
  /** Goes away with all of them. */
  end(): void;
}

interface Hostility {
  readonly count: number;
  /** Sent on each as soon as it is there. */
  readonly request: (at: number) => string;
  /** Whether it reads what is answered. */
  readonly reads: boolean;
  /** Thousands are to be from "127.0.0.1": to have an address chosen costs a port for a minute longer. */
  readonly from?: "127.0.0.1" | "127.0.0.2";
}

/** At a time, so that the queue of those to be accepted does not overflow. */
const burst = 50;

export async function openHostile(port: number, hostility: Hostility): Promise<HostileConnections> {
  const { count, request, reads, from = "127.0.0.2" } = hostility;
  const sockets: Socket[] = [];
  let ended = 0;
  let received = "";
  for (let at = 0; at < count; at++) {
    const socket = connect({ host: "127.0.0.1", port, ...(from !== "127.0.0.1" && { localAddress: from }) });
    socket.on("error", () => {});
    socket.on("close", () => (ended += 1));
    if (reads) socket.on("data", (chunk: Buffer) => (received += chunk.toString("latin1")));
    else socket.pause();
    socket.write(request(at));
    sockets.push(socket);
    if (at % burst === burst - 1) await Bun.sleep(5);
  }
  const end = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    get open() {
      return count - ended;
    },
    get received() {
      return received;
    },
    sendOnEach: (octets) => sockets.forEach((socket) => socket.write(octets)),
    end,
    [Symbol.dispose]: end,
  };
}
