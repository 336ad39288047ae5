import type { RuntimeConfig } from "../config/runtime-config.ts";
import type { Log, LogLevel } from "../lib/log.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Platform } from "./platform.ts";

export interface DaemonOptions {
  readonly log: Log;
  /** Reads the configuration again, as it was read at the start. */
  readonly readConfig: () => RuntimeConfig;
  readonly setLogLevel: (level: LogLevel) => void;
  /** A reload begins. */
  readonly onReloading: () => void;
  /** The reload has ended, and this configuration is in force. */
  readonly onReloaded: (config: RuntimeConfig) => void;
  /** The reload has ended, and the configuration before it stays in force. */
  readonly onReloadFailed: (reason: string) => void;
  /** A client asked the agent over HTTP to leave: end it gracefully. */
  readonly onLeave: () => void;
  readonly platform: Platform;
}

/** An agent that runs. */
export interface Daemon {
  readonly nodeId: string;
  readonly httpAddresses: readonly string[];
  /**
   * Reads the configuration again and applies changes of: definitions, the log level, whether check output is kept, how
   * many requests a client may have under way, how DNS is answered, the node's meta, certificates. Reloads run one after
   * the other.
   * @throws OperatingError what is wrong with the new configuration, and where; the old one stays in force
   */
  reload(): Promise<void>;
  /** What Consul writes to stderr on SIGUSR1. */
  metricsText(): string;
  /** Resolves when the engine's thread has done what it was asked before; rejects when the thread has ended. */
  ping(): Promise<void>;
  /** Waits for a reload under way, then ends all parts. */
  stop(): Promise<void>;
}

/** Opens the parts of one kind of agent: server-role.ts. */
export type Role = (parts: Lifecycle, config: RuntimeConfig, options: DaemonOptions) => Promise<Omit<Daemon, "stop">>;
