import type { LogLevel } from "../lib/log.ts";
import type { TlsFiles } from "../lib/tls-files.ts";
import type { PortPolicy } from "../model/port-record.ts";
import type { Definitions } from "./definitions.ts";

/** The agent's whole configuration, merged from all sources and validated. Frozen. */
export interface RuntimeConfig extends Definitions {
  readonly server: boolean;
  readonly bootstrap: boolean;
  readonly bootstrapExpect: number;
  /** Keeps all data in memory and uses no data folder. */
  readonly devMode: boolean;
  readonly datacenter: string;
  readonly nodeName: string;
  /** The configured node id; "" selects the id in the data folder, else a new one. */
  readonly nodeId: string;
  /** The node id that an earlier Consul agent left in the data folder; undefined if it left no id. */
  readonly consulNodeId: string | undefined;
  readonly nodeMeta: Readonly<Record<string, string>>;
  /** The DNS domain with the final dot: "consul." */
  readonly dnsDomain: string;
  readonly dns: DnsConfig;
  /** The path of the data folder; undefined only with devMode. */
  readonly dataDir: string | undefined;

  readonly bindAddress: string;
  /** The address that other hosts use for this node. */
  readonly advertiseAddress: string;
  readonly advertiseAddressWan: string;
  readonly taggedAddresses: Readonly<Record<string, string>>;
  /** The addresses of each listener (HTTP, HTTPS, DNS, core-keeper) that has none of its own. */
  readonly clientAddresses: readonly string[];
  /** IP addresses, or "unix:///path". */
  readonly httpAddresses: readonly string[];
  readonly httpsAddresses: readonly string[];
  /** IP addresses. */
  readonly dnsAddresses: readonly string[];
  /** Addresses of core-keeper's API: IP addresses, or "unix:///path". */
  readonly keeperAddresses: readonly string[];
  /** Owner and mode of every "unix:///path" above. */
  readonly unixSocket: UnixSocketOwner;
  readonly ports: Ports;
  /** Ports to assign to sidecar proxies without one, inclusive; 0 refuses such proxies. */
  readonly sidecarPorts: { readonly first: number; readonly last: number };
  readonly tls: TlsFiles;

  readonly ui: boolean;
  /** The folder of -ui-dir, served at /ui/ instead of the built-in page. */
  readonly uiDir: string | undefined;
  /** The UI's path; starts and ends with a slash. */
  readonly uiContentPath: string;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly httpBlockEndpoints: readonly string[];
  /** Whether paths may hold unprintable characters. */
  readonly httpAllowsUnprintable: boolean;
  /** Networks (CIDR) that may call endpoints that write; empty allows all. */
  readonly httpAllowWriteFrom: readonly string[];
  /** Whether `?cached` is accepted. */
  readonly httpUseCache: boolean;
  /** The most concurrent blocking or writing requests of one IP address; below 1: no limit. */
  readonly httpConnectionsMax: number;
  readonly blockingQuery: BlockingQueryLimits;
  readonly sessionTtlMsMin: number;
  readonly txnBytesMax: number;
  readonly kvValueBytesMax: number;

  readonly log: LogConfig;
  /** Above 0: metrics are also served in the format of Prometheus. */
  readonly prometheusRetentionMs: number;
  readonly pidFile: string | undefined;
  readonly enableScriptChecks: boolean;
  /** Whether to allow script checks, but only in configuration files. */
  readonly enableLocalScriptChecks: boolean;
  readonly checkOutputBytesMax: number;
  readonly discardCheckOutput: boolean;
  readonly disableCoordinates: boolean;
  /** How long the agent may delay writing a check's output to the catalog while its status stays the same. */
  readonly checkUpdateIntervalMs: number;
  readonly leaveOnTerminate: boolean;
  readonly skipLeaveOnInterrupt: boolean;
  readonly serverRejoin: RejoinAddresses;

  readonly portAllocation: PortAllocationConfig;
  /** undefined: the agent publishes no changes. */
  readonly messageBus: MessageBusConfig | undefined;

  /** Logged at start: options without effect, deprecated ones, risky ones. */
  readonly warnings: readonly string[];
}

/** What to do when a service registers a port that another service has. */
export interface PortAllocationConfig {
  readonly policy: PortPolicy;
  /** By service name. */
  readonly policies: ReadonlyMap<string, PortPolicy>;
  /** The ports to assign, inclusive. */
  readonly range: { readonly first: number; readonly last: number };
  readonly reserved: readonly PortReservation[];
}

export interface PortReservation {
  /** undefined: every host. */
  readonly host: string | undefined;
  readonly port: number;
}

/** The MQTT broker to publish changed keys to. */
export interface MessageBusConfig {
  /** "mqtt://host:1883", or "mqtts://". */
  readonly url: string;
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** Without a final slash. */
  readonly topicPrefix: string;
  readonly keyPrefixes: readonly string[];
  readonly base64Payload: boolean;
  readonly cbor: boolean;
}

export interface DnsConfig {
  /** With the final dot, or "" for none. */
  readonly altDomain: string;
  readonly onlyPassing: boolean;
  readonly nodeTtlMs: number;
  /** By service name; "name*" matches a prefix, "*" every name. */
  readonly serviceTtlMs: Readonly<Record<string, number>>;
  readonly enableTruncate: boolean;
  /** 0 for no limit. */
  readonly aRecordsMax: number;
  readonly udpAnswersMax: number;
  readonly disableCompression: boolean;
  readonly nodeMetaTxt: boolean;
  readonly soa: SoaTimes;
  /** DNS servers for names outside the domain, with or without a port. */
  readonly recursors: readonly string[];
  readonly recursorTimeoutMs: number;
}

/** In seconds, as the SOA record carries them. */
export interface SoaTimes {
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minTtl: number;
}

export interface BlockingQueryLimits {
  /** The wait of a blocking query without `wait`. */
  readonly defaultMs: number;
  readonly maxMs: number;
}

/** "" keeps the process's own user, group or mode. */
export interface UnixSocketOwner {
  readonly user: string;
  readonly group: string;
  /** Octal, as chmod takes it. */
  readonly mode: string;
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
  readonly keeper: number;
}

export interface LogConfig {
  readonly level: LogLevel;
  readonly json: boolean;
  readonly file: string | undefined;
  /** The log begins a new file when it reaches a size or an age; 0 bytes for no limit of size. */
  readonly rotateBytes: number;
  readonly rotateAfterMs: number;
  /** Old files kept; 0 keeps all, -1 none. */
  readonly rotatedFilesMax: number;
}

export interface RejoinAddresses {
  readonly join: readonly string[];
  readonly retryJoin: readonly string[];
  readonly retryIntervalMs: number;
  /** 0 for no limit. */
  readonly retriesMax: number;
}
