import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy in front of a port, with which a test can refuse, cut and stall connections. */
export interface Gate {
  readonly port: number;
  /** The number of connections accepted. */
  readonly arrivals: number;
  /** Accepts and forwards connections from now on. */
  open(): void;
  /** Closes all connections, and from now on each new connection at once. */
  shut(): void;
  /** Closes all connections, and from now on accepts new ones, but forwards and answers nothing. */
  hold(): void;
  close(): void;
}

/** Starts a gate in front of a port of this machine. At first the gate forwards connections. */
export async function openGate(toPort: number): Promise<Gate> {
  const sockets = new Set<Socket>();
  let arrivals = 0;
  let mode: "open" | "shut" | "hold" = "open";
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((inner) => {
    keep(inner);
    arrivals += 1;
    if (mode === "shut") inner.destroy();
    if (mode === "hold") inner.resume();
    if (mode !== "open") return;
    const outer = connect(toPort, "127.0.0.1");
    keep(outer);
    inner.pipe(outer);
    outer.pipe(inner);
    inner.on("close", () => outer.destroy());
    outer.on("close", () => inner.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (next: typeof mode): void => {
    mode = next;
    for (const socket of sockets) socket.destroy();
  };
  const address = server.address();
  return {
    port: address === null || typeof address === "string" ? 0 : address.port,
    get arrivals() {
      return arrivals;
    },
    open: () => void (mode = "open"),
    shut: () => cut("shut"),
    hold: () => cut("hold"),
    close: () => {
      cut("shut");
      server.close();
    },
  };
}
