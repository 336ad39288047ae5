import { dlopen, ptr } from "bun:ffi";
import { once } from "node:events";
import { connect } from "node:net";
import { freePorts } from "./free-ports.ts";

/**
 * A port of this machine where connections neither succeed nor fail, as behind a firewall that drops packets. Its listen queue
 * has one place, which is in use, and the port accepts no connection. Sockets of Bun and Node always accept, hence the system
 * calls.
 */
export interface UnacceptingPort {
  readonly port: number;
  close(): void;
}

const internet = 2;
const stream = 1;
const addressBytes = 16;

export async function openUnacceptingPort(): Promise<UnacceptingPort> {
  const { symbols: libc } = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
    listen: { args: ["i32", "i32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  });
  const [port = 0] = await freePorts(1);
  const address = Buffer.from([internet, 0, port >> 8, port & 255, 127, 0, 0, 1, ...Array<number>(8).fill(0)]);
  const descriptor = libc.socket(internet, stream, 0);
  libc.bind(descriptor, ptr(address), addressBytes);
  libc.listen(descriptor, 0);
  const queued = connect(port, "127.0.0.1");
  await once(queued, "connect");
  return {
    port,
    close: () => {
      queued.destroy();
      libc.close(descriptor);
    },
  };
}
