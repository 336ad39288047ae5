import type { LogLevel } from "../lib/log.ts";
import type { TlsFiles } from "../lib/tls-files.ts";
import type { HistoryPolicy } from "../model/kv-history.ts";
import type { PortPolicy } from "../model/port-record.ts";
import type { Definitions } from "./definitions.ts";

/** The agent's whole configuration, merged from all sources and validated. The object is frozen. */
export interface RuntimeConfig extends Definitions {
  readonly server: boolean;
  /** The secret key that all agents of a cluster share (`encrypt`), of 16, 24 or 32 bytes; undefined without one. */
  readonly clusterKey: Uint8Array | undefined;
  readonly bootstrap: boolean;
  readonly bootstrapExpect: number;
  /** Whether the agent keeps all data in memory and uses no data folder. */
  readonly devMode: boolean;
  readonly datacenter: string;
  readonly nodeName: string;
  /** The configured node id; "" selects the id in the data folder, or a new id if the folder has none. */
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
  /** Addresses for each listener (HTTP, HTTPS, DNS, core-keeper) that is configured without addresses. */
  readonly clientAddresses: readonly string[];
  /** Addresses on which the HTTP API listens: IP addresses, or "unix:///path". */
  readonly httpAddresses: readonly string[];
  readonly httpsAddresses: readonly string[];
  /** IP addresses on which the agent's DNS server listens. */
  readonly dnsAddresses: readonly string[];
  /** Addresses on which core-keeper's API listens: IP addresses, or "unix:///path". */
  readonly keeperAddresses: readonly string[];
  /** Owner and mode of every unix socket among the addresses. */
  readonly unixSocket: UnixSocketOwner;
  readonly ports: Ports;
  /**
   * The range of ports, both ends inclusive, that the agent assigns to sidecar proxies registered without a port. If both ends
   * are 0, the agent refuses those proxies.
   */
  readonly sidecarPorts: { readonly first: number; readonly last: number };
  readonly tls: TlsFiles;
  /** Whether checks use `tls`, and the name of the servers that they check; "" for the node's name. */
  readonly tlsForChecks: { readonly enabled: boolean; readonly serverName: string };

  readonly autoEncrypt: AutoEncryptConfig;

  readonly ui: boolean;
  /** The folder of -ui-dir, which the agent serves as the UI instead of the built-in page. */
  readonly uiDir: string | undefined;
  /** The UI's path; starts and ends with a slash. */
  readonly uiContentPath: string;
  /** Whether browsers may only read. */
  readonly uiReadOnly: boolean;
  readonly httpHeaders: Readonly<Record<string, string>>;
  readonly httpBlockEndpoints: readonly string[];
  /** Host names, besides the agent's own, by which browsers may use it without access control. */
  readonly httpAllowedHosts: readonly string[];
  /** Whether the paths of requests may contain unprintable characters. */
  readonly httpAllowsUnprintable: boolean;
  /** Networks (CIDR) whose clients may call endpoints that write; empty allows all clients. */
  readonly httpAllowWriteFrom: readonly string[];
  /** Whether the agent accepts the parameter `cached`. */
  readonly httpUseCache: boolean;
  /** Maximum number of concurrent blocking or writing requests of one IP address; below 1: no limit. */
  readonly httpConnectionsMax: number;
  readonly blockingQuery: BlockingQueryLimits;
  readonly sessionTtlMsMin: number;
  readonly txnBytesMax: number;
  readonly kvValueBytesMax: number;

  readonly log: LogConfig;
  /**
   * The configured retention time of metrics, in milliseconds. If it is above 0, the agent also serves metrics in the format of
   * Prometheus.
   */
  readonly prometheusRetentionMs: number;
  readonly pidFile: string | undefined;
  readonly enableScriptChecks: boolean;
  /** Whether the agent allows script checks that configuration files define, although it refuses those that clients register. */
  readonly enableLocalScriptChecks: boolean;
  readonly checkOutputBytesMax: number;
  readonly discardCheckOutput: boolean;
  readonly disableCoordinates: boolean;
  /**
   * Maximum time in milliseconds by which the agent may delay writing a check's output to the catalog while the check's status
   * stays the same.
   */
  readonly checkUpdateIntervalMs: number;
  /** Time in milliseconds after which a server forgets an agent that has left or failed; 0 for the default, 72 hours. */
  readonly reconnectTimeoutMs: number;
  readonly leaveOnTerminate: boolean;
  readonly skipLeaveOnInterrupt: boolean;
  readonly serverRejoin: RejoinAddresses;
  readonly cluster: ClusterConfig;
  /** The settings of access control; undefined if it is off. */
  readonly accessControl: AccessControlConfig | undefined;
  /** The policy for the past of the keys. */
  readonly history: HistoryPolicy;
  /** The audit log; undefined if it is not enabled or has no sink. */
  readonly audit: AuditConfig | undefined;
  /** The backups that a server makes on a schedule; undefined if it makes none. */
  readonly backup: BackupConfig | undefined;

  readonly portAllocation: PortAllocationConfig;
  /** The broker for changed keys; undefined if the agent publishes no changes. */
  readonly messageBus: MessageBusConfig | undefined;
  /** The schemas of keys; undefined if no value is checked. */
  readonly kvSchemas: KvSchemasConfig | undefined;
  /** Prefixes of keys below which services cannot overwrite the values of operators. */
  readonly kvProtect: readonly string[];
  /** The JWTs that core-keeper's API accepts beside tokens; undefined for none. */
  readonly keeperJwt: JwtConfig | undefined;

  /** Warnings to log at start, about options without effect, deprecated options and risky ones. */
  readonly warnings: readonly string[];
  /** The configuration files that were read, in order. */
  readonly files: readonly string[];
}

/** The schemas with which the values of keys are checked. */
export interface KvSchemasConfig {
  /** Whether clients may not write an invalid value; if not, it is only counted and logged. */
  readonly isEnforced: boolean;
  /** Whether the known settings of EdgeX's services have their types. */
  readonly coversEdgex: boolean;
  readonly schemas: readonly SchemaFile[];
}

/** A JSON Schema of a key and of the keys below it. */
export interface SchemaFile {
  /** The key, without a slash at its end; "" for all keys. */
  readonly folder: string;
  readonly file: string;
  /** The content of the file. */
  readonly text: string;
}

/** The audit log: a file of JSON lines. */
export interface AuditConfig {
  readonly path: string;
  /** Whether all requests are recorded, or only writes and refusals. */
  readonly recordsAll: boolean;
  /** The limits at which another file begins, and the number of old files to keep; 0 for no limit. */
  readonly rotateAfterMs: number;
  readonly rotateBytes: number;
  readonly rotatedFilesMax: number;
}

/** Snapshots that a server saves on a schedule. */
export interface BackupConfig {
  readonly folder: string;
  readonly intervalMs: number;
  /** Number of backups to keep, at least 1. */
  readonly keep: number;
  /** The age in milliseconds beyond which a backup is deleted, if a newer one exists; 0 for no limit. */
  readonly maxAgeMs: number;
  /** The program and its arguments that get each backup on standard input; empty for none. */
  readonly program: readonly string[];
}

/** Certificates of client agents that the servers sign. */
export interface AutoEncryptConfig {
  /** Whether this server signs certificates. */
  readonly signs: boolean;
  /** Whether this client agent asks its servers for a certificate. */
  readonly asks: boolean;
  /** Names and addresses in that certificate, beside localhost and the addresses of loopback. */
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly string[];
  /** The secret of the token with which the agent asks; "" for none. */
  readonly token: string;
}

export interface AccessControlConfig {
  /** Whether nothing is refused, and refusals are only recorded. */
  readonly isObserved: boolean;
  /** The decision where no rule speaks. */
  readonly defaultPolicy: "allow" | "deny";
  /** The secret of a token that may do everything, which the leader creates at its start; "" for none. */
  readonly masterToken: string;
  /** The secrets of the agent's own tokens by their names in agent/token; "" for none. */
  readonly agentTokens: Readonly<Record<"default" | "agent" | "agent_master" | "replication", string>>;
  /** The decision of a client agent about a token while no server answers. */
  readonly downPolicy: "allow" | "deny" | "extend-cache" | "async-cache";
  /** How long a client agent relies on an answer of its servers about a token, in milliseconds. */
  readonly tokenTtlMs: number;
  /** Whether tokens that a request gives to the agent are kept in the data folder. */
  readonly persistsTokens: boolean;
  /** Whether listing keys needs the right to list their prefix. */
  readonly guardsKeyLists: boolean;
}

/** How the servers of a cluster share their data. A server that stands alone, and a client agent, use none of it. */
export interface ClusterConfig {
  /** The program of the etcd that a server starts: a path, or a name to find on PATH. */
  readonly etcdProgram: string;
  /** An etcd that runs already; undefined if the server starts one of its own. */
  readonly givenEtcd: GivenEtcd | undefined;
  /** The time that the servers wait for a silent leader, in units of 500 ms. */
  readonly raftMultiplier: number;
  /** Milliseconds for which a request waits for a leader. */
  readonly rpcHoldMs: number;
}

/** An etcd that others run. */
export interface GivenEtcd {
  /** "HOST:PORT", or "unix:PATH". */
  readonly endpoints: readonly string[];
  /** The text with which the names of all keys begin. */
  readonly prefix: string;
  readonly user: { readonly name: string; readonly password: string } | undefined;
  /** The paths of the certificates; undefined for an etcd that listens without TLS. */
  readonly tls:
    | { readonly caFile: string; readonly certFile: string | undefined; readonly keyFile: string | undefined }
    | undefined;
}

/** The rules for a service that registers a port which another service has. */
export interface PortAllocationConfig {
  readonly policy: PortPolicy;
  /** Policies of single services, by service name. */
  readonly policies: ReadonlyMap<string, PortPolicy>;
  /** The range of ports to assign, both ends inclusive. */
  readonly range: { readonly first: number; readonly last: number };
  readonly reserved: readonly PortReservation[];
}

export interface PortReservation {
  /** The host whose port is reserved; undefined for every host. */
  readonly host: string | undefined;
  readonly port: number;
}

/** The MQTT broker to publish changed keys to. */
/** The JSON Web Tokens that core-keeper's API accepts, and how they are checked. */
export interface JwtConfig {
  readonly source:
    | { readonly kind: "keys"; /** The URL or the path of a key set. */ readonly at: string }
    | { readonly kind: "secret store"; /** Without a final slash. */ readonly url: string; readonly tokenFile: string };
  /** The file of the certificates that the server's one must descend from; undefined for those of the system. */
  readonly authorityFile: string | undefined;
  readonly issuer: string;
  readonly audiences: readonly string[];
}

export interface MessageBusConfig {
  /** The broker's URL: "mqtt://host:1883", or "mqtts://...". */
  readonly url: string;
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** The first part of every MQTT topic, without a final slash. */
  readonly topicPrefix: string;
  readonly keyPrefixes: readonly string[];
  readonly base64Payload: boolean;
  readonly cbor: boolean;
}

export interface DnsConfig {
  /** A second DNS domain with the final dot; "" for none. */
  readonly altDomain: string;
  readonly onlyPassing: boolean;
  readonly nodeTtlMs: number;
  /** Time to live in milliseconds by service name; "name*" matches names with that prefix, "*" matches every name. */
  readonly serviceTtlMs: Readonly<Record<string, number>>;
  readonly enableTruncate: boolean;
  /** Maximum number of address records in an answer; 0 for no limit. */
  readonly aRecordsMax: number;
  readonly udpAnswersMax: number;
  readonly disableCompression: boolean;
  readonly nodeMetaTxt: boolean;
  readonly soa: SoaTimes;
  /** DNS servers for names outside the domain, with or without a port. */
  readonly recursors: readonly string[];
  readonly recursorTimeoutMs: number;
  /** Whether a server of a cluster answers from its own state, unless it has been without the leader for `maxStaleMs`. */
  readonly allowStale: boolean;
  readonly maxStaleMs: number;
}

/** The times in the SOA record, in seconds. */
export interface SoaTimes {
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minTtl: number;
}

export interface BlockingQueryLimits {
  /** The wait of a blocking query without `wait`, in milliseconds. */
  readonly defaultMs: number;
  readonly maxMs: number;
}

/** The owner and mode of a unix socket; "" keeps the user, group or mode that the process gives it. */
export interface UnixSocketOwner {
  readonly user: string;
  readonly group: string;
  /** The mode in octal digits, as for chmod. */
  readonly mode: string;
}

/** The ports of all listeners; -1 means that the listener is off. */
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
  /** Maximum size of a log file in bytes, at which the log begins a new file; 0 for no limit. */
  readonly rotateBytes: number;
  readonly rotateAfterMs: number;
  /** Maximum number of old log files; 0 keeps all, -1 none. */
  readonly rotatedFilesMax: number;
}

export interface RejoinAddresses {
  readonly join: readonly string[];
  readonly retryJoin: readonly string[];
  readonly retryIntervalMs: number;
  /** Maximum number of attempts to join by `retryJoin`; 0 for no limit. */
  readonly retriesMax: number;
  /** Whether an agent that has left keeps the addresses of the servers, and so joins them again when it starts. */
  readonly afterLeave: boolean;
}
