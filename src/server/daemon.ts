import type { RuntimeConfig } from "../config/runtime-config.ts";
import type { Log, LogLevel } from "../lib/log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Platform } from "./platform.ts";

export interface DaemonOptions {
  /** The version of Praetor. */
  readonly version: string;
  readonly log: Log;
  /** Reads the configuration again from the same files and flags as at the start. */
  readonly readConfig: () => RuntimeConfig;
  readonly setLogLevel: (level: LogLevel) => void;
  /** Called when a reload begins. */
  readonly onReloading: () => void;
  /** Called when a reload has succeeded, with the configuration that is now in force. */
  readonly onReloaded: (config: RuntimeConfig) => void;
  /** Called when a reload has failed, with the reason; the configuration before the reload stays in force. */
  readonly onReloadFailed: (reason: string) => void;
  /** Called when a client requests over HTTP that the agent leaves. The callback stops the agent gracefully. */
  readonly onLeave: () => void;
  /** Called when the agent cannot go on, after it has logged why. The callback stops the agent. */
  readonly onFailed: () => void;
  readonly platform: Platform;
}

/** A running agent. */
export interface Daemon {
  readonly nodeId: string;
  readonly httpAddresses: readonly string[];
  /**
   * Reads the configuration again and applies changes of: definitions, the log level, whether the agent keeps check output,
   * the maximum of concurrent requests of a client, the DNS settings, the node's meta, certificates. Reloads run one after the
   * other.
   * @throws OperatingError naming the fault in the new configuration and its place; the old configuration stays in force
   */
  reload(): Promise<void>;
  /** Returns the metrics as the text that Consul writes to stderr on SIGUSR1. */
  metricsText(): string;
  /** Resolves when the engine's thread has completed all earlier requests; rejects if the thread has ended. */
  ping(): Promise<void>;
  /** Tells the servers that this agent leaves the cluster, before `stop`. Does nothing on a server. Never rejects. */
  leave(): Promise<void>;
  /** Stops the agent: waits for a reload under way, then ends all parts. */
  stop(): Promise<void>;
}

/** A function that opens the parts of one kind of agent, such as a server (server-role.ts). */
export type Role = (parts: Lifecycle, config: RuntimeConfig, options: DaemonOptions) => Promise<Omit<Daemon, "stop">>;
