import type { LogLevel } from "../lib/log.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceDefinition } from "../model/service.ts";

/** Everything an agent was told, after files, folders, flags and defaults were merged and checked. Never changed in place. */
export interface RuntimeConfig {
  readonly server: boolean;
  readonly bootstrap: boolean;
  readonly bootstrapExpect: number;
  /** Everything in memory; nothing is read from or written to a data folder. */
  readonly devMode: boolean;
  readonly datacenter: string;
  readonly nodeName: string;
  /** "" lets the data folder decide: the id found there, or a new one. */
  readonly nodeId: string;
  readonly nodeMeta: Readonly<Record<string, string>>;
  /** With the final dot: "consul." */
  readonly dnsDomain: string;
  /** undefined only with devMode. */
  readonly dataDir: string | undefined;

  readonly bindAddress: string;
  /** The address that others reach this node at. */
  readonly advertiseAddress: string;
  readonly advertiseAddressWan: string;
  readonly taggedAddresses: Readonly<Record<string, string>>;
  /** IP addresses, or "unix:///path". */
  readonly httpAddresses: readonly string[];
  readonly ports: Ports;
  readonly tls: TlsFiles;

  readonly ui: boolean;
  /** The folder of -ui-dir, served at /ui/ instead of the built-in page. */
  readonly uiDir: string | undefined;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly httpBlockEndpoints: readonly string[];
  readonly kvValueBytesMax: number;

  readonly log: LogConfig;
  readonly pidFile: string | undefined;
  readonly enableScriptChecks: boolean;
  /** Script checks from configuration files only. */
  readonly enableLocalScriptChecks: boolean;
  readonly checkOutputBytesMax: number;
  readonly discardCheckOutput: boolean;
  readonly leaveOnTerminate: boolean;
  readonly skipLeaveOnInterrupt: boolean;
  readonly serverRejoin: RejoinAddresses;

  readonly services: readonly ServiceDefinition[];
  readonly checks: readonly CheckDefinition[];
  /** Said once in the log at start: options that are accepted but have no meaning here, deprecated ones, risky ones. */
  readonly warnings: readonly string[];
}

/** -1 means off. */
export interface Ports {
  readonly http: number;
  readonly https: number;
  readonly dns: number;
  readonly grpc: number;
  readonly server: number;
  readonly serfLan: number;
  readonly serfWan: number;
}

export interface TlsFiles {
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly verifyIncoming: boolean;
}

export interface LogConfig {
  readonly level: LogLevel;
  readonly json: boolean;
  readonly file: string | undefined;
}

export interface RejoinAddresses {
  readonly join: readonly string[];
  readonly retryJoin: readonly string[];
}
