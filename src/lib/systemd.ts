import { type Clock, sleep } from "./clock.ts";
import { messageOf } from "./errors.ts";

/** Variables that are removed from the environment, so that no child process notifies systemd in this process's name. */
const variables = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] as const;

export interface SystemdOptions {
  /** This process's environment; the variables of sd_notify are deleted from it. */
  readonly env: Record<string, string | undefined>;
  /** Called with the reason when a message cannot be sent. */
  readonly warn: (problem: string) => void;
}

/**
 * Notifies systemd as a service of Type=notify does (sd_notify(3)): datagrams of NAME=value lines, sent to the Unix socket
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

  /** Connects to systemd. Returns undefined when systemd did not start this process or, after a warning, cannot be reached. */
  static async find({ env, warn }: SystemdOptions): Promise<Systemd | undefined> {
    const own = { ...env };
    for (const name of variables) Reflect.deleteProperty(env, name);
    const path = own["NOTIFY_SOCKET"] ?? "";
    if (path === "") return undefined;
    try {
      return new Systemd(await openDatagramSocket(path), { env: own, warn });
    } catch (error) {
      warn(`NOTIFY_SOCKET is ${path}: ${messageOf(error)}. systemd is not notified`);
      return undefined;
    }
  }

  /** Reports that the process is ready to serve, after its start and after a reload. */
  ready(status: string): void {
    this.#send({ ...this.#mainPid, READY: 1, STATUS: status });
  }

  reloading(): void {
    this.#send({ RELOADING: 1, MONOTONIC_USEC: this.#socket.monotonicUs(), STATUS: "Reloading the configuration" });
  }

  stopping(): void {
    this.#send({ STOPPING: 1, STATUS: "Stopping" });
  }

  /** Sets the line that `systemctl status` shows. */
  status(status: string): void {
    this.#send({ STATUS: status });
  }

  /**
   * Sends a keep-alive to the watchdog twice in its period until `signal` aborts, each time after `ping` has resolved. When
   * `ping` hangs or keeps rejecting, the watchdog restarts the service.
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
        this.#warn(`sent no keep-alive to the watchdog: ${messageOf(error)}`);
      }
      await sleep(clock, this.#watchdogMs / 2, signal);
    }
  }

  #send(fields: Fields): void {
    const lines = Object.entries(fields).map(([name, value]) => `${name}=${String(value).replaceAll("\n", " ")}`);
    if (!this.#socket.send(lines.join("\n"))) this.#warn(`cannot send to NOTIFY_SOCKET: ${lines.join(", ")}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;
type Fields = Readonly<Record<string, string | number | bigint>>;

/** Returns the watchdog's period in milliseconds; undefined when systemd does not watch this process. */
function watchdogMsOf(env: Environment): number | undefined {
  const usec = Number(env["WATCHDOG_USEC"] ?? "");
  const isOurs = ["", String(process.pid)].includes(env["WATCHDOG_PID"] ?? "");
  return isOurs && Number.isSafeInteger(usec) && usec > 0 ? usec / 1_000 : undefined;
}

/**
 * Returns the field MAINPID with this process's id if systemd started another process, such as a script that started this one,
 * since systemd sends its signals to MAINPID. Otherwise returns no field.
 */
function mainPidOf(env: Environment): Fields {
  const started = env["SYSTEMD_EXEC_PID"] ?? "";
  return started === "" || started === String(process.pid) ? {} : { MAINPID: process.pid };
}

interface DatagramSocket {
  /** Returns whether the datagram was sent. Does not block. */
  send(text: string): boolean;
  /** Returns CLOCK_MONOTONIC in microseconds, which systemd compares with its own reading. */
  monotonicUs(): bigint;
}

// Constants of Linux, which are the same on every processor that Bun runs on.
const [afUnix, sockDgram, sockCloexec, msgDontwait, msgNosignal, clockMonotonic] = [1, 2, 0x80000, 0x40, 0x4000, 1];

/**
 * Opens a Unix datagram socket. Calls the C library, because neither Bun nor Node has such sockets.
 * @throws Error that says why the path cannot be used
 */
async function openDatagramSocket(path: string): Promise<DatagramSocket> {
  const address = addressOf(path);
  const { libc } = await import("./libc.ts");
  const { socket, sendto, clock_gettime: clockGettime } = libc();
  const descriptor = socket(afUnix, sockDgram | sockCloexec, 0);
  if (descriptor < 0) throw new Error("cannot open a socket");
  return {
    send(text) {
      const bytes = new TextEncoder().encode(text);
      const flags = msgDontwait | msgNosignal;
      const sent = sendto(descriptor, bytes, bytes.length, flags, address, address.length);
      return Number(sent) === bytes.length;
    },
    monotonicUs() {
      const time = new BigInt64Array(2);
      clockGettime(clockMonotonic, time);
      const [seconds = 0n, nanoseconds = 0n] = time;
      return seconds * 1_000_000n + nanoseconds / 1_000n;
    },
  };
}

/** Encodes a struct sockaddr_un: the family, then the path and a NUL; or a NUL and an abstract name. */
function addressOf(path: string): Uint8Array {
  if (!/^[/@]./.test(path)) throw new Error("it must be the path of a Unix socket, or @ and an abstract name");
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.length > 108) throw new Error("the path of a Unix socket has at most 107 bytes");
  return Uint8Array.from([afUnix, 0, ...name]);
}
