import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { startThread } from "../../lib/start-thread.ts";
import type { ListenOptions } from "../../link/listen.ts";
import { listenForHandedLinks } from "../../link/handed-links.ts";
import type { EtcdHealth } from "./etcd-child.ts";
import { asideFolder, clientSocket, dataFolder, type EtcdSettings, linkSocket, walFolder } from "./etcd-flags.ts";
import type { EtcdProgram } from "./etcd-program.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { endOrphan } from "./orphan.ts";
import type { Address } from "./tunnels.ts";

/**
 * How far the data of etcd is. "none": no folder. "prepared": the folder, in which etcd has not written yet, so it has not voted.
 * "written": the log of raft.
 */
export type DataStage = "none" | "prepared" | "written";

export interface OwnEtcdOptions extends Omit<ListenOptions, "refusalOf"> {
  /** The folder of etcd's data and of all sockets, which is created if missing. Only this user can enter it. */
  readonly folder: string;
  /** The node id of this server. */
  readonly id: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onHealth: (health: EtcdHealth) => void;
  /** Called when the thread has stopped by itself: this server must be restarted. */
  readonly onFailure: (reason: string) => void;
}

/**
 * The port of a server that keeps an etcd of its own, and that etcd. Both are in a thread of their own; see worker.ts.
 *
 * Life cycle: `openOwnEtcd` listens on the port, so that servers can agree on the members over links; `start` starts etcd with
 * them; `reach` says where each other member is, before and after, at any time; `setAside` ends etcd, which can then be started
 * as another member; `stop` ends etcd and the thread.
 */
export interface OwnEtcd {
  readonly port: number;
  /** The endpoint of etcd's clients. */
  readonly endpoint: string;
  readonly data: DataStage;
  /** Creates the folder of etcd's data, if missing. */
  prepare(): void;
  start(program: EtcdProgram, settings: Omit<EtcdSettings, "id">): void;
  reach(id: string, address: Address): void;
  forget(id: string): void;
  /**
   * Puts other certificates in force for the next connections. The caller waits for the end of an earlier call.
   * @throws OperatingError unavailable when the port cannot be opened with them; those from before are then in force
   */
  secure(security: ListenOptions["security"]): Promise<void>;
  /** Ends etcd, and one that an earlier run has left. Moves its data to another folder, in place of what was moved there before. */
  setAside(program: EtcdProgram): Promise<void>;
  stop(): Promise<void>;
}

/** @throws Error with the runtime's code when the folder or the address of the port is not available */
export function openOwnEtcd(options: OwnEtcdOptions): Promise<OwnEtcd> {
  return EtcdThread.open(options);
}

class EtcdThread implements OwnEtcd {
  readonly #options: OwnEtcdOptions;
  readonly #worker: Worker;
  readonly #opened = Promise.withResolvers<OwnEtcd>();
  readonly #stopped = Promise.withResolvers<void>();
  #halted = Promise.withResolvers<void>();
  #secured = Promise.withResolvers<void>();
  readonly #links: { stop(): void };
  /** Path of the etcd that the thread runs. */
  #program: string | undefined;
  #isStopping = false;
  port = 0;
  readonly endpoint: string;

  static async open(options: OwnEtcdOptions): Promise<OwnEtcd> {
    return new EtcdThread(options).#opened.promise;
  }

  private constructor(options: OwnEtcdOptions) {
    this.#options = options;
    const { folder, id, address, port, security } = options;
    mkdirSync(folder, { recursive: true });
    // A process that can open the sockets in it can read and write all data.
    chmodSync(folder, 0o700);
    this.endpoint = `unix:${join(folder, clientSocket)}`;
    const path = join(folder, linkSocket);
    rmSync(path, { force: true });
    this.#links = listenForHandedLinks({ ...options, path });
    this.#worker = startThread("own-etcd", new URL("./worker.ts", import.meta.url), "cluster/own-etcd/worker.js");
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#receive(data));
    this.#worker.addEventListener("error", (event) => this.#fail(messageOf(event.message)));
    this.#worker.addEventListener("close", () => this.#fail("it ended"));
    this.#send({ kind: "open", folder, id, address, port, security });
  }

  get data(): DataStage {
    const { folder } = this.#options;
    if (existsSync(join(folder, walFolder))) return "written";
    return existsSync(join(folder, dataFolder)) ? "prepared" : "none";
  }

  prepare(): void {
    // etcd refuses a folder that other users can read.
    mkdirSync(join(this.#options.folder, dataFolder), { recursive: true, mode: 0o700 });
  }

  start(program: EtcdProgram, settings: Omit<EtcdSettings, "id">): void {
    this.#program = program.path;
    this.#send({ kind: "start", program, settings: { ...settings, id: this.#options.id } });
  }

  reach(id: string, address: Address): void {
    this.#send({ kind: "reach", id, address });
  }

  forget(id: string): void {
    this.#send({ kind: "forget", id });
  }

  secure(security: ListenOptions["security"]): Promise<void> {
    if (this.#isStopping) return Promise.resolve();
    this.#secured = Promise.withResolvers();
    this.#send({ kind: "secure", security });
    return this.#secured.promise;
  }

  async setAside(program: EtcdProgram): Promise<void> {
    if (this.#isStopping) return;
    this.#halted = Promise.withResolvers();
    this.#send({ kind: "halt" });
    await this.#halted.promise;
    const { folder, id, clock } = this.#options;
    await endOrphan({ program: program.path, folder, id }, clock);
    const data = join(folder, dataFolder);
    if (!existsSync(data)) return;
    const aside = join(folder, asideFolder);
    rmSync(aside, { recursive: true, force: true });
    renameSync(data, aside);
  }

  stop(): Promise<void> {
    if (!this.#isStopping) this.#send({ kind: "stop" });
    this.#isStopping = true;
    return this.#stopped.promise;
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message, []);
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case "opened":
        this.port = message.port;
        return this.#opened.resolve(this);
      case "refused":
        this.#opened.reject(Object.assign(new Error(message.message), { code: message.code }));
        return this.#end();
      case "health":
        return this.#options.onHealth(message.health);
      case "log":
        return this.#options.log[message.level](message.message, message.fields);
      case "turned-away":
        return this.#options.onRefused(message.from, message.reason);
      case "secured":
        if (message.fault === undefined) return this.#secured.resolve();
        return this.#secured.reject(new OperatingError("unavailable", "cannot-listen", message.fault));
      case "halted":
        return this.#halted.resolve();
      case "stopped":
        return this.#end();
    }
  }

  #fail(reason: string): void {
    if (this.#isStopping) return this.#end();
    this.#opened.reject(new Error(reason));
    this.#end();
    const { folder, id, clock } = this.#options;
    // Without its tunnels etcd is of no use, and it would keep the lock of its data.
    if (this.#program !== undefined) void endOrphan({ program: this.#program, folder, id }, clock);
    this.#options.onFailure(reason);
  }

  #end(): void {
    this.#isStopping = true;
    this.#links.stop();
    this.#worker.terminate();
    this.#halted.resolve();
    this.#secured.resolve();
    this.#stopped.resolve();
  }
}
