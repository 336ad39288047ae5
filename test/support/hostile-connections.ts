import { connect, type Socket } from "node:net";

/** The connections of a client that tries to exhaust the agent. By default their address is one that no other client uses. */
export interface HostileConnections extends Disposable {
  /** The number of connections that the agent has not closed. */
  readonly open: number;
  /** The octets received on all of the connections. */
  readonly received: string;
  sendOnEach(octets: string): void;
  /** Closes all of the connections. */
  end(): void;
}

interface Hostility {
  readonly count: number;
  /** Returns the octets that the client sends on the connection with number `at` as soon as it is open. */
  readonly request: (at: number) => string;
  /** Whether the client reads the answers. */
  readonly reads: boolean;
  /**
   * The client's address. It must be "127.0.0.1" for thousands of connections: with another address the client must bind each
   * socket, and a bound socket blocks a local port for a minute.
   */
  readonly from?: "127.0.0.1" | "127.0.0.2";
}

/** Number of connections opened at a time, so that the listen queue does not overflow. */
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
