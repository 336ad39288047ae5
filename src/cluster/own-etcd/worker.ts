import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { listenForAgents } from "../../link/connect.ts";
import type { LinkListener } from "../../link/socket.ts";
import type { Purpose } from "../../link/greeting.ts";
import { refusalAt } from "../../link/own-machine.ts";
import { handOver } from "../../link/handed-links.ts";
import { connectUnix, type QueuedSocket, splice } from "../../link/socket.ts";
import { EtcdChild } from "./etcd-child.ts";
import { linkSocket, peerSocket, walFolder } from "./etcd-flags.ts";
import type { LineLog } from "./etcd-log.ts";
import type { FromWorker, OpenPort, ToWorker } from "./messages.ts";
import { Tunnels } from "./tunnels.ts";

/*
 * The thread that owns the server's port, its etcd and the tunnels. The main thread may be busy for seconds, for which raft must
 * not wait: its members would elect another leader. Nor must etcd, which stops as soon as the pipe of its log is full.
 *
 * A connection to the port that carries raft goes on to this server's etcd. A link goes on to the main thread, see
 * link/handed-links.ts.
 */

declare const self: Worker;

class ServerPort {
  readonly #open: OpenPort;
  #security: OpenPort["security"];
  #listener: LinkListener;
  readonly #tunnels: Tunnels;
  #child: EtcdChild | undefined;

  /** @throws Error of the runtime when the address is not available */
  constructor(open: OpenPort) {
    this.#open = open;
    this.#security = open.security;
    const { folder } = open;
    this.#tunnels = new Tunnels({ folder, security: () => this.#security, clock: systemClock, log });
    this.#listener = this.#listen(open.port);
  }

  get port(): number {
    return this.#listener.port;
  }

  #listen(port: number): LinkListener {
    const { address, folder } = this.#open;
    const security = this.#security;
    return listenForAgents({
      ...{ address, port, security, clock: systemClock },
      refusalOf: (from, purpose) => refusalAt(security, from, purpose) ?? this.#refusalOf(purpose),
      onConnection: (socket, { carries }, from) => {
        if (carries === "raft") this.#toEtcd(socket);
        else handOver(socket, { from, carries }, join(folder, linkSocket));
      },
      onRefused: (from, reason) => post({ kind: "turned-away", from, reason }),
    });
  }

  /** Listens with other certificates, or goes on with those from before. Connections that are open stay. */
  #secure(security: OpenPort["security"]): void {
    const [before, { port }] = [this.#security, this.#listener];
    this.#listener.stop();
    this.#security = security;
    try {
      this.#listener = this.#listen(port);
      post({ kind: "secured" });
    } catch (error) {
      this.#security = before;
      this.#listener = this.#listen(port);
      post({ kind: "secured", fault: messageOf(error) });
    }
  }

  take(message: Exclude<ToWorker, OpenPort>): void {
    switch (message.kind) {
      case "secure":
        return this.#secure(message.security);
      case "reach":
        return this.#tunnels.reach(message.id, message.address);
      case "forget":
        return this.#tunnels.forget(message.id);
      case "start":
        this.#child = new EtcdChild({
          ...message,
          folder: this.#open.folder,
          log,
          clock: systemClock,
          onHealth: (health) => post({ kind: "health", health }),
        });
        return;
      case "halt":
        return void this.#halt();
      case "stop":
        return void this.#stop();
    }
  }

  async #halt(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.stop();
    post({ kind: "halted" });
  }

  async #stop(): Promise<void> {
    isStopping = true;
    this.#listener.stop();
    await this.#child?.stop();
    this.#tunnels.close();
    post({ kind: "stopped" });
  }

  #refusalOf(purpose: Purpose): string | undefined {
    if (purpose.carries !== "raft" || purpose.to === this.#open.id) return undefined;
    return `this server's node id is ${this.#open.id}, and the connection is for ${purpose.to}`;
  }

  #toEtcd(connection: QueuedSocket): void {
    const { folder, id } = this.#open;
    // A new etcd asks the other members whether there is a cluster already, and waits for each answer for 2 s. A member whose etcd
    // has no data cannot know, so it refuses at once.
    if (!existsSync(join(folder, walFolder))) return connection.close();
    splice(connection, connectUnix(join(folder, peerSocket(id)), { receive() {}, ended() {} }));
  }
}

let serverPort: ServerPort | undefined;
/** Whether this server stops: then lost connections and the end of etcd are no news. */
let isStopping = false;

self.addEventListener("message", ({ data }: MessageEvent<ToWorker>): void => {
  if (data.kind === "open") open(data);
  else serverPort?.take(data);
});

function open(message: OpenPort): void {
  try {
    serverPort = new ServerPort(message);
    post({ kind: "opened", port: serverPort.port });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    post({ kind: "refused", code, message: messageOf(error) });
  }
}

const logAt =
  (level: keyof LineLog): LineLog["warn"] =>
  (message, fields) =>
    post({ kind: "log", level: isStopping ? "debug" : level, message, fields });

const log: LineLog = { debug: logAt("debug"), info: logAt("info"), warn: logAt("warn"), error: logAt("error") };

function post(message: FromWorker): void {
  self.postMessage(message, []);
}
