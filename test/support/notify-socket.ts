import { dlopen } from "bun:ffi";

/** The socket of a service manager, which the variable NOTIFY_SOCKET names. */
export interface NotifySocket extends Disposable {
  /** Returns the datagrams received since the last call, each split into lines. */
  read(): readonly (readonly string[])[];
}

const [afUnix, sockDgram, msgDontwait] = [1, 2, 0x40];

const libc = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
});

/**
 * Opens a socket that receives notifications as a service manager does.
 * @param name a path, or "@" and an abstract name
 */
export function openNotifySocket(name: string): NotifySocket {
  const address = Buffer.from(`\u0001\0${name.replace(/^@/, "\0")}`, "latin1");
  const descriptor = libc.symbols.socket(afUnix, sockDgram, 0);
  if (libc.symbols.bind(descriptor, address, address.length) !== 0) throw new Error(`cannot bind ${name}`);
  return {
    read() {
      const received: string[][] = [];
      const buffer = Buffer.alloc(4_096);
      for (;;) {
        const length = Number(libc.symbols.recv(descriptor, buffer, buffer.length, msgDontwait));
        if (length < 0) return received;
        received.push(buffer.toString("utf8", 0, length).split("\n"));
      }
    },
    [Symbol.dispose]() {
      libc.symbols.close(descriptor);
    },
  };
}

/** Returns the system's CLOCK_MONOTONIC in microseconds. */
export function monotonicUs(): bigint {
  const time = new BigInt64Array(2);
  libc.symbols.clock_gettime(1, time);
  return (time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1_000n;
}
