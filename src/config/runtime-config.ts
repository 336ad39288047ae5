import type { LogLevel } from "../lib/log.ts";
import type { TlsFiles } from "../lib/tls-files.ts";
import type { PortPolicy } from "../model/port-record.ts";
import type { Definitions } from "./definitions.ts";

/** Everything an agent was told, after files, folders, flags and defaults were merged and checked. Never changed in place. */
export interface RuntimeConfig extends Definitions {
  readonly server: boolean;
  readonly bootstrap: boolean;
  readonly bootstrapExpect: number;
  /** Everything in memory; nothing is read from or written to a data folder. */
  readonly devMode: boolean;
  readonly datacenter: string;
  readonly nodeName: string;
  /** "" lets the data folder decide: the id found there, or a new one. */
  readonly nodeId: string;
  /** The id that a Consul had whose data folder this was; undefined if it was none's. */
  readonly consulNodeId: string | undefined;
  readonly nodeMeta: Readonly<Record<string, string>>;
  /** With the final dot: "consul." */
  readonly dnsDomain: string;
  readonly dns: DnsConfig;
  /** undefined only with devMode. */
  readonly dataDir: string | undefined;

  readonly bindAddress: string;
  /** The address that others reach this node at. */
  readonly advertiseAddress: string;
  readonly advertiseAddressWan: string;
  readonly taggedAddresses: Readonly<Record<string, string>>;
  /** Where HTTP, HTTPS, DNS and core-keeper's API are served that have no addresses of their own. */
  readonly clientAddresses: readonly string[];
  /** IP addresses, or "unix:///path". */
  readonly httpAddresses: readonly string[];
  readonly httpsAddresses: readonly string[];
  /** IP addresses. */
  readonly dnsAddresses: readonly string[];
  /** Where core-keeper's API is served: IP addresses, or "unix:///path". */
  readonly keeperAddresses: readonly string[];
  /** For every "unix:///path" above. */
  readonly unixSocket: UnixSocketOwner;
  readonly ports: Ports;
  /** For sidecar proxies that name no port, both ends included; below 1: such sidecars are refused. */
  readonly sidecarPorts: { readonly first: number; readonly last: number };
  readonly tls: TlsFiles;

  readonly ui: boolean;
  /** The folder of -ui-dir, served at /ui/ instead of the built-in page. */
  readonly uiDir: string | undefined;
  /** Where the UI is served: starts and ends with a slash. */
  readonly uiContentPath: string;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly httpBlockEndpoints: readonly string[];
  /** Whether paths may hold unprintable characters. */
  readonly httpAllowsUnprintable: boolean;
  /** Networks (CIDR) that may call endpoints that write; empty allows all. */
  readonly httpAllowWriteFrom: readonly string[];
  /** Whether `?cached` is heard. */
  readonly httpUseCache: boolean;
  /** How many requests of one client may be under way; below 1: any number. */
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
  /** Script checks from configuration files only. */
  readonly enableLocalScriptChecks: boolean;
  readonly checkOutputBytesMax: number;
  readonly discardCheckOutput: boolean;
  readonly disableCoordinates: boolean;
  /** How long changed output of a check whose status stays may be kept from the catalog. */
  readonly checkUpdateIntervalMs: number;
  readonly leaveOnTerminate: boolean;
  readonly skipLeaveOnInterrupt: boolean;
  readonly serverRejoin: RejoinAddresses;

  readonly portAllocation: PortAllocationConfig;
  /** undefined: changes are told to nobody. */
  readonly messageBus: MessageBusConfig | undefined;

  /** Said once in the log at start: options that are accepted but have no meaning here, deprecated ones, risky ones. */
  readonly warnings: readonly string[];
}

/** What is done when a service wants a port that is another's. */
export interface PortAllocationConfig {
  readonly policy: PortPolicy;
  /** By service name. */
  readonly policies: ReadonlyMap<string, PortPolicy>;
  /** The ports to give, both ends included. */
  readonly range: { readonly first: number; readonly last: number };
  readonly reserved: readonly PortReservation[];
}

export interface PortReservation {
  /** undefined: on every host. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Where changes of keys are told. */
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
  /** By service name; "*" and "name*" match by prefix. */
  readonly serviceTtlMs: Readonly<Record<string, number>>;
  readonly enableTruncate: boolean;
  /** 0 for no limit. */
  readonly aRecordsMax: number;
  readonly udpAnswersMax: number;
  readonly disableCompression: boolean;
  readonly nodeMetaTxt: boolean;
  readonly soa: SoaTimes;
  /** Addresses (with or without a port) that names outside the domain are asked of. */
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
  /** The wait of a blocking query that names none. */
  readonly defaultMs: number;
  readonly maxMs: number;
}

/** "" leaves what the process has. */
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
  /** A new file is begun at the first of these limits; 0 bytes for no limit of size. */
  readonly rotateBytes: number;
  readonly rotateAfterMs: number;
  /** Old files kept; 0 keeps all, -1 none. */
  readonly rotatedFilesMax: number;
}

export interface RejoinAddresses {
  readonly join: readonly string[];
  readonly retryJoin: readonly string[];
  readonly retryIntervalMs: number;
  /** 0 tries for ever. */
  readonly retriesMax: number;
}
