import { rmSync } from "node:fs";
import { join } from "node:path";
import { assert } from "../../lib/assert.ts";
import type { Clock } from "../../lib/clock.ts";
import { copyOf } from "../../lib/copy-of.ts";
import { messageOf } from "../../lib/errors.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import { dialEtcd } from "../../link/connect.ts";
import type { PortSecurity } from "../../link/link-tls.ts";
import { listenUnix, type QueuedSocket, type SocketUser, splice } from "../../link/socket.ts";
import { peerSocket } from "./etcd-flags.ts";
import type { LineLog } from "./etcd-log.ts";

/** Where the port of another server is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface TunnelsOptions {
  /** The folder of this server's etcd. */
  readonly folder: string;
  /** Returns the cluster key and the certificates that are in force; undefined if connections are plain TCP. */
  readonly security: () => PortSecurity | undefined;
  readonly clock: Clock;
  readonly log: LineLog;
}

/**
 * The tunnels from this server's etcd to those of the other members: for each member a unix socket, which this server's etcd takes
 * for the member, and whose connections go on to the port of the member's server. So only this server knows addresses, and
 * etcd knows names.
 */
export class Tunnels {
  readonly #options: TunnelsOptions;
  readonly #members = new Map<string, Member>();

  constructor(options: TunnelsOptions) {
    this.#options = options;
  }

  /** Says where a member is. Connections to an earlier address are closed, and etcd makes new ones. */
  reach(id: string, address: Address): void {
    const member = this.#members.get(id);
    if (member) member.move(address);
    else this.#members.set(id, new Member(id, address, this.#options));
  }

  /** Closes the tunnels to a member that is no longer one. */
  forget(id: string): void {
    this.#members.get(id)?.close();
    this.#members.delete(id);
  }

  close(): void {
    for (const id of [...this.#members.keys()]) this.forget(id);
  }
}

/** The tunnels to one member. */
class Member {
  readonly #id: string;
  readonly #options: TunnelsOptions;
  readonly #path: string;
  readonly #listener: { stop(): void };
  readonly #throttle: LogThrottle;
  /** The connections of this server's etcd. */
  readonly #open = new Set<QueuedSocket>();
  #address: Address;

  constructor(id: string, address: Address, options: TunnelsOptions) {
    assert(/^[\w-]+$/.test(id), "a node id is a part of a file's name");
    this.#id = id;
    this.#address = address;
    this.#options = options;
    this.#throttle = new LogThrottle(options.clock);
    this.#path = join(options.folder, peerSocket(id));
    rmSync(this.#path, { force: true });
    this.#listener = listenUnix(this.#path, (socket) => this.#accept(socket));
  }

  move(address: Address): void {
    if (address.host === this.#address.host && address.port === this.#address.port) return;
    this.#address = address;
    this.#closeAll();
  }

  close(): void {
    this.#listener.stop();
    rmSync(this.#path, { force: true });
    this.#closeAll();
  }

  #closeAll(): void {
    for (const socket of this.#open) socket.close();
    this.#open.clear();
  }

  #accept(local: QueuedSocket): SocketUser {
    this.#open.add(local);
    const held = new Held(local, () => this.#open.delete(local));
    void this.#dial(local, held);
    return held;
  }

  async #dial(local: QueuedSocket, held: Held): Promise<void> {
    const { security, clock, log } = this.#options;
    const secured = security();
    try {
      await dialEtcd({ ...this.#address, key: secured?.key, tls: secured?.tls, clock }, this.#id, (remote) => {
        for (const piece of held.pieces) remote.write(piece);
        splice(local, remote, () => this.#open.delete(local));
        local.resume();
      });
    } catch (error) {
      local.close();
      const reason = messageOf(error);
      if (this.#throttle.isNew(reason)) log.warn("Cannot reach the etcd of another server", { id: this.#id, reason });
    }
  }
}

/** Keeps what etcd sends before the tunnel is open. */
class Held implements SocketUser {
  readonly pieces: Uint8Array[] = [];
  readonly ended: () => void;

  constructor(socket: QueuedSocket, onEnd: () => void) {
    this.ended = onEnd;
    socket.pause();
  }

  receive(bytes: Uint8Array): void {
    this.pieces.push(copyOf(bytes));
  }
}
