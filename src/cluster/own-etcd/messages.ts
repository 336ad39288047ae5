import type { LogFields } from "../../lib/log.ts";
import type { PortOptions } from "../../link/connect.ts";
import type { EtcdHealth } from "./etcd-child.ts";
import type { EtcdSettings } from "./etcd-flags.ts";
import type { LineLog } from "./etcd-log.ts";
import type { EtcdProgram } from "./etcd-program.ts";
import type { Address } from "./tunnels.ts";

/*
 * The messages between the server and the thread of its port and its etcd. The server sends `open` once, which the thread answers
 * with `opened` or `refused`; then `reach` and `forget` any number of times, `secure` one after another, each of which the thread
 * answers with `secured`, `start` and `halt` in turn, where the thread answers `halt` with `halted`, and last `stop`, which the
 * thread answers with `stopped`.
 */

export type ToWorker =
  | OpenPort
  | { readonly kind: "start"; readonly program: EtcdProgram; readonly settings: EtcdSettings }
  | { readonly kind: "reach"; readonly id: string; readonly address: Address }
  | { readonly kind: "forget"; readonly id: string }
  /** Changes the certificates of the next connections. */
  | { readonly kind: "secure"; readonly security: PortOptions["security"] }
  | { readonly kind: "halt" }
  | { readonly kind: "stop" };

export interface OpenPort extends Pick<PortOptions, "address" | "port" | "security"> {
  readonly kind: "open";
  /** The folder of etcd's data and of all sockets. */
  readonly folder: string;
  /** The node id of this server. */
  readonly id: string;
}

export type FromWorker =
  | { readonly kind: "opened"; readonly port: number }
  /** The port is not available. */
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | { readonly kind: "health"; readonly health: EtcdHealth }
  | {
      readonly kind: "log";
      readonly level: keyof LineLog;
      readonly message: string;
      readonly fields?: LogFields | undefined;
    }
  /** A connection to the port was refused. */
  | { readonly kind: "turned-away"; readonly from: string; readonly reason: string }
  /** The certificates are in force; with a fault, those from before are. */
  | { readonly kind: "secured"; readonly fault?: string | undefined }
  /** etcd has ended; the port and the tunnels go on. */
  | { readonly kind: "halted" }
  | { readonly kind: "stopped" };
