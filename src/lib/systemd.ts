import { type Clock, sleep } from "./clock.ts";
import { messageOf } from "./errors.ts";

/** Removed from the environment: a child that sent messages of its own would be taken for this process. */
const variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;

export interface SystemdOptions {
  /** Of this process; the variables that are meant for it alone are deleted. */
  readonly env: Record<string, string | undefined>;
  /** Told what keeps a message from being sent. */
  readonly warn: (problem: string) => void;
}

/**
 * systemd, as a service of Type=notify talks to it (sd_notify(3)): datagrams of NAME=value lines, sent to the unix socket
 * that NOTIFY_SOCKET names.
 */
export class Systemd {
  readonly #socket: DatagramSocket;
  readonly #watchdogMs: number | undefined;
  readonly #mainPid: Fields;
  readonly #warn: (problem: string) => void;

  private constructor(
    socket: DatagramSocket,
    { env, warn }: { readonly env: Environment; readonly warn: (problem: string) => void },
  ) {
    this.#socket = socket;
    this.#watchdogMs = watchdogMsOf(env);
    this.#mainPid = mainPidOf(env);
    this.#warn = warn;
  }

  /** undefined when this process is not run by one, or when it can't be reached, which is a warning. */
  static async find({ env, warn }: SystemdOptions): Promise<Systemd | undefined> {
    const own = { ...env };
    for (const name of variables) Reflect.deleteProperty(env, name);
    const path = own["NOTIFY_SOCKET"] ?? "";
    if (path === "") return undefined;
    try {
      return new Systemd(await openDatagramSocket(path), { env: own, warn });
    } catch (error) {
      warn(`NOTIFY_SOCKET is ${path}: ${messageOf(error)}. systemd learns nothing of this process`);
      return undefined;
    }
  }

  /** The process serves; also after a reload. */
  ready(status: string): void {
    this.#send({ ...this.#mainPid, READY: 1, STATUS: status });
  }

  reloading(): void {
    this.#send({ RELOADING: 1, MONOTONIC_USEC: this.#socket.monotonicUs(), STATUS: "Reloading the configuration" });
  }

  stopping(): void {
    this.#send({ STOPPING: 1, STATUS: "Stopping" });
  }

  /** A line for `systemctl status`. */
  status(status: string): void {
    this.#send({ STATUS: status });
  }

  /**
   * Until `signal` aborts, tells the watchdog twice in its period that all is well, each time after `ping` has resolved:
   * when that hangs or rejects, the watchdog restarts the service.
   */
  async feedWatchdog(
    ping: () => Promise<void>,
    { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  ): Promise<void> {
    if (this.#watchdogMs === undefined) return;
    while (!signal.aborted) {
      try {
        await ping();
        this.#send({ WATCHDOG: 1 });
      } catch (error) {
        this.#warn(`the watchdog is not told that all is well: ${messageOf(error)}`);
      }
      await sleep(clock, this.#watchdogMs / 2, signal);
    }
  }

  #send(fields: Fields): void {
    const lines = Object.entries(fields).map(([name, value]) => `${name}=${String(value).replaceAll("\n", " ")}`);
    if (!this.#socket.send(lines.join("\n"))) this.#warn(`NOTIFY_SOCKET takes no messages: ${lines.join(", ")}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
type Fields = Readonly<Record<string, string | number | bigint>>;

/** undefined when no watchdog waits for this process. */
function watchdogMsOf(env: Environment): number | undefined {
  const usec = Number(env["WATCHDOG_USEC"] ?? "");
  const isOurs = ["", String(process.pid)].includes(env["WATCHDOG_PID"] ?? "");
  return isOurs && Number.isSafeInteger(usec) && usec > 0 ? usec / 1_000 : undefined;
}

/** systemd signals the process that it started: this one, unless a shell script started this one in turn. */
function mainPidOf(env: Environment): Fields {
  const started = env["SYSTEMD_EXEC_PID"] ?? "";
  return started === "" || started === String(process.pid) ? {} : { MAINPID: process.pid };
}

interface DatagramSocket {
  /** Whether the datagram was taken. Never waits. */
  send(text: string): boolean;
  /** CLOCK_MONOTONIC, which systemd compares with its own. */
  monotonicUs(): bigint;
}

// Linux on every processor that Bun runs on.
const [afUnix, sockDgram, sockCloexec, msgDontwait, msgNosignal, clockMonotonic] = [1, 2, 0x80000, 0x40, 0x4000, 1];

/**
 * Neither Bun nor Node has datagram sockets of this kind, so the C library is called. musl answers to this name of glibc's
 * library, too.
 * @throws Error saying why there can be none to that path
 */
async function openDatagramSocket(path: string): Promise<DatagramSocket> {
  const address = addressOf(path);
  const { dlopen } = await import("bun:ffi");
  const libc = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
    clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  });
  const descriptor = libc.symbols.socket(afUnix, sockDgram | sockCloexec, 0);
  if (descriptor < 0) throw new Error("no socket can be made");
  return {
    send(text) {
      const bytes = new TextEncoder().encode(text);
      const flags = msgDontwait | msgNosignal;
      const sent = libc.symbols.sendto(descriptor, bytes, bytes.length, flags, address, address.length);
      return Number(sent) === bytes.length;
    },
    monotonicUs() {
      const time = new BigInt64Array(2);
      libc.symbols.clock_gettime(clockMonotonic, time);
      const [seconds = 0n, nanoseconds = 0n] = time;
      return seconds * 1_000_000n + nanoseconds / 1_000n;
    },
  };
}

/** A struct sockaddr_un: its family, then the path and a NUL; or a NUL and an abstract name. */
function addressOf(path: string): Uint8Array {
  if (!/^[/@]./.test(path)) throw new Error("only the path of a unix socket, or @ and an abstract name, can be used");
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > 108) throw new Error("a unix socket's path has at most 107 bytes");
  return Uint8Array.from([afUnix, 0, ...name]);
}
