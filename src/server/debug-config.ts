import type { FileFault } from "../agent/file-definitions.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import { formatDuration } from "../lib/duration.ts";
import { cipherSuites } from "../lib/tls-files.ts";
import { consulVersion } from "../model/consul-version.ts";
import type { Node } from "../model/node.ts";
import { goMap } from "../wire/go-json.ts";

/*
 * The DebugConfig of agent/self: all fields that Consul 1.8.7 has there, with Consul's names, order and types. Durations are
 * strings. The value of a field that can hold a secret is "hidden", whether it is set or not.
 */

/** Fields of features that Praetor does not have, as Consul shows them when the feature is off or not configured. */
const withoutMeaning = {
  ACLAgentMasterToken: "hidden",
  ACLAgentToken: "hidden",
  ACLDisabledTTL: "2m0s",
  ACLMasterToken: "hidden",
  ACLReplicationToken: "hidden",
  ACLToken: "hidden",
  ACLTokenReplication: false,
  AEInterval: "1m0s",
  AutoConfig: {
    Authorizer: {
      AllowReuse: false,
      AuthMethod: {
        ACLAuthMethodEnterpriseFields: {},
        Config: {
          BoundAudiences: null,
          BoundIssuer: "",
          ClaimMappings: null,
          ClockSkewLeeway: 0,
          ExpirationLeeway: 0,
          JWKSCACert: "",
          JWKSURL: "",
          JWTSupportedAlgs: null,
          JWTValidationPubKeys: null,
          ListClaimMappings: null,
          NotBeforeLeeway: 0,
          OIDCDiscoveryCACert: "",
          OIDCDiscoveryURL: "",
        },
        Description: "",
        DisplayName: "",
        EnterpriseMeta: {},
        MaxTokenTTL: "0s",
        Name: "Auto Config Authorizer",
        RaftIndex: { CreateIndex: 0, ModifyIndex: 0 },
        TokenLocality: "",
        Type: "jwt",
      },
      ClaimAssertions: [],
      Enabled: false,
    },
    DNSSANs: [],
    Enabled: false,
    IPSANs: [],
    IntroToken: "hidden",
    IntroTokenFile: "",
    ServerAddresses: [],
  },
  AutopilotCleanupDeadServers: true,
  AutopilotDisableUpgradeMigration: false,
  AutopilotLastContactThreshold: "200ms",
  AutopilotMaxTrailingLogs: 250,
  AutopilotMinQuorum: 0,
  AutopilotRedundancyZoneTag: "",
  AutopilotServerStabilizationTime: "10s",
  AutopilotUpgradeVersionTag: "",
  Cache: { EntryFetchMaxBurst: 2, EntryFetchRate: Number.MAX_VALUE },
  CheckDeregisterIntervalMin: "1m0s",
  CheckReapInterval: "30s",
  // Always empty in Praetor: agent/checks and agent/services list the definitions of configuration files.
  Checks: [],
  ConfigEntryBootstrap: [],
  ConnectCAConfig: {},
  ConnectCAProvider: "",
  ConnectEnabled: false,
  ConnectMeshGatewayWANFederationEnabled: false,
  ConnectTestCALeafRootChangeSpread: "0s",
  ConsulCoordinateUpdateBatchSize: 128,
  ConsulCoordinateUpdateMaxBatches: 5,
  ConsulCoordinateUpdatePeriod: "5s",
  ConsulRaftElectionTimeout: "5s",
  ConsulRaftHeartbeatTimeout: "5s",
  ConsulRaftLeaderLeaseTimeout: "2.5s",
  ConsulServerHealthInterval: "2s",
  DNSCacheMaxAge: "0s",
  DNSUseCache: false,
  DisableAnonymousSignature: true,
  DisableHostNodeID: true,
  DisableKeyringFile: false,
  DisableRemoteExec: true,
  DisableUpdateCheck: true,
  DiscoveryMaxStale: "0s",
  EnableCentralServiceConfig: false,
  EnableDebug: false,
  EncryptKey: "hidden",
  EncryptVerifyIncoming: true,
  EncryptVerifyOutgoing: true,
  EnterpriseRuntimeConfig: {},
  ExposeMaxPort: 21755,
  ExposeMinPort: 21500,
  GRPCAddrs: [],
  GossipLANGossipInterval: "200ms",
  GossipLANGossipNodes: 3,
  GossipLANProbeInterval: "1s",
  GossipLANProbeTimeout: "500ms",
  GossipLANRetransmitMult: 4,
  GossipLANSuspicionMult: 4,
  GossipWANGossipInterval: "500ms",
  GossipWANGossipNodes: 3,
  GossipWANProbeInterval: "5s",
  GossipWANProbeTimeout: "3s",
  GossipWANRetransmitMult: 4,
  GossipWANSuspicionMult: 6,
  HTTPSHandshakeTimeout: "5s",
  KeyFile: "hidden",
  LeaveDrainTime: "5s",
  NonVotingServer: false,
  PrimaryGateways: [],
  PrimaryGatewaysInterval: "30s",
  RPCHandshakeTimeout: "5s",
  RPCHoldTimeout: "7s",
  RPCMaxBurst: 1000,
  RPCMaxConnsPerClient: 100,
  RPCProtocol: 2,
  RPCRateLimit: -1,
  RaftProtocol: 0,
  RaftSnapshotInterval: "0s",
  RaftSnapshotThreshold: 0,
  RaftTrailingLogs: 0,
  ReconnectTimeoutWAN: "0s",
  RejoinAfterLeave: false,
  RetryJoinIntervalWAN: "30s",
  RetryJoinMaxAttemptsWAN: 0,
  RetryJoinWAN: [],
  Revision: "",
  SegmentLimit: 64,
  SegmentName: "",
  SegmentNameLimit: 64,
  Segments: [],
  SerfAllowedCIDRsLAN: [],
  SerfAllowedCIDRsWAN: [],
  Services: [],
  StartJoinAddrsWAN: [],
  SyncCoordinateIntervalMin: "15s",
  SyncCoordinateRateTarget: 64,
  TranslateWANAddrs: false,
  VerifyIncomingHTTPS: false,
  VerifyIncomingRPC: false,
  VerifyOutgoing: false,
  VerifyServerHostname: false,
  VersionPrerelease: "",
} as const;

const telemetry = {
  AllowedPrefixes: [],
  BlockedPrefixes: [],
  CirconusAPIApp: "",
  CirconusAPIToken: "hidden",
  CirconusAPIURL: "",
  CirconusBrokerID: "",
  CirconusBrokerSelectTag: "",
  CirconusCheckDisplayName: "",
  CirconusCheckForceMetricActivation: "",
  CirconusCheckID: "",
  CirconusCheckInstanceID: "",
  CirconusCheckSearchTag: "",
  CirconusCheckTags: "",
  CirconusSubmissionInterval: "",
  CirconusSubmissionURL: "",
  Disable: false,
  DisableHostname: false,
  DogstatsdAddr: "",
  DogstatsdTags: [],
  FilterDefault: true,
  MetricsPrefix: "consul",
  PrometheusRetentionTime: "0s",
  StatsdAddr: "",
  StatsiteAddr: "",
} as const;

/** Returns the configuration of this agent as agent/self shows it. */
export function describeConfig(config: RuntimeConfig, node: Node, definitionFaults: readonly FileFault[]): object {
  return goMap({
    ...withoutMeaning,
    ...describeSecurity(config),
    ...describeNode(config, node),
    ...describeAddresses(config),
    ...describeDns(config),
    ...describeLimits(config),
    ...describeRest(config),
    ...describeFaults(definitionFaults),
  });
}

/**
 * Returns the field DefinitionFaults, which only Praetor has: it lists the definitions of files that the agent could not use.
 * Returns {} if the agent could use all of them.
 */
function describeFaults(faults: readonly FileFault[]): object {
  if (faults.length === 0) return {};
  return { DefinitionFaults: faults.map(({ where, message }) => ({ Where: where, Message: message })) };
}

const ttlDefault = "30s";

/** Adds ACLTokens, a field of later versions of Consul: EdgeX 2.3 and 3 ask it whether the agent keeps the token that they give it. */
function describeSecurity({ accessControl, autoEncrypt }: RuntimeConfig): object {
  const persistsTokens = accessControl?.persistsTokens ?? false;
  const tokenTtl = accessControl ? formatDuration(accessControl.tokenTtlMs) : ttlDefault;
  return {
    ACLDefaultPolicy: accessControl?.defaultPolicy ?? "allow",
    ACLDownPolicy: accessControl?.downPolicy ?? "extend-cache",
    ACLEnableKeyListPolicy: accessControl?.guardsKeyLists ?? false,
    ACLEnableTokenPersistence: persistsTokens,
    ACLPolicyTTL: tokenTtl,
    ACLRoleTTL: tokenTtl === ttlDefault ? "0s" : tokenTtl, // as Consul, whose default is 30s all the same
    ACLTokenTTL: tokenTtl,
    ACLsEnabled: accessControl !== undefined,
    AutoEncryptAllowTLS: autoEncrypt.signs,
    AutoEncryptDNSSAN: autoEncrypt.dnsNames,
    AutoEncryptIPSAN: autoEncrypt.ipAddresses,
    AutoEncryptTLS: autoEncrypt.asks,
    ...(accessControl && { ACLTokens: { EnablePersistence: persistsTokens } }),
  };
}

function describeNode(config: RuntimeConfig, node: Node): object {
  return {
    ACLDatacenter: config.datacenter,
    Bootstrap: config.bootstrap,
    BootstrapExpect: config.bootstrapExpect,
    DataDir: config.dataDir ?? "",
    Datacenter: config.datacenter,
    DevMode: config.devMode,
    NodeID: node.id,
    NodeMeta: hideSecrets(config.nodeMeta),
    NodeName: node.name,
    PrimaryDatacenter: config.datacenter,
    ServerMode: config.server,
    TaggedAddresses: hideSecrets(config.taggedAddresses),
    Version: consulVersion,
  };
}

function describeAddresses(config: RuntimeConfig): object {
  const { advertiseAddress, advertiseAddressWan, bindAddress, ports } = config;
  const keeperAddresses = config.keeperAddresses.map((address) => place("tcp", address, ports.keeper));
  return {
    AdvertiseAddrLAN: advertiseAddress,
    AdvertiseAddrWAN: advertiseAddressWan,
    BindAddr: bindAddress,
    ClientAddrs: config.clientAddresses,
    DNSAddrs: (["tcp", "udp"] as const).flatMap((network) =>
      config.dnsAddresses.map((address) => place(network, address, ports.dns)),
    ),
    DNSPort: ports.dns,
    GRPCPort: ports.grpc,
    HTTPAddrs: config.httpAddresses.map((address) => place("tcp", address, ports.http)),
    HTTPPort: ports.http,
    HTTPSAddrs: config.httpsAddresses.map((address) => place("tcp", address, ports.https)),
    HTTPSPort: ports.https,
    ...(keeperAddresses.length > 0 && { KeeperAddrs: keeperAddresses }),
    RPCAdvertiseAddr: place("tcp", advertiseAddress, ports.server),
    RPCBindAddr: place("tcp", bindAddress, ports.server),
    SerfAdvertiseAddrLAN: place("tcp", advertiseAddress, ports.serfLan),
    SerfAdvertiseAddrWAN: place("tcp", advertiseAddressWan, ports.serfWan),
    SerfBindAddrLAN: place("tcp", bindAddress, ports.serfLan),
    SerfBindAddrWAN: place("tcp", bindAddress, ports.serfWan),
    SerfPortLAN: ports.serfLan,
    SerfPortWAN: ports.serfWan,
    ServerPort: ports.server,
    UnixSocketGroup: config.unixSocket.group,
    UnixSocketMode: config.unixSocket.mode,
    UnixSocketUser: config.unixSocket.user,
  };
}

function describeDns({ dns, dnsDomain }: RuntimeConfig): object {
  const { refresh, retry, expire, minTtl } = dns.soa;
  const ttls = Object.entries(dns.serviceTtlMs).map(([name, ms]): [string, string] => [name, formatDuration(ms)]);
  return {
    DNSARecordLimit: dns.aRecordsMax,
    DNSAltDomain: dns.altDomain,
    DNSDisableCompression: dns.disableCompression,
    DNSDomain: dnsDomain,
    DNSEnableTruncate: dns.enableTruncate,
    DNSNodeMetaTXT: dns.nodeMetaTxt,
    DNSNodeTTL: formatDuration(dns.nodeTtlMs),
    DNSAllowStale: dns.allowStale,
    DNSMaxStale: formatDuration(dns.maxStaleMs),
    DNSOnlyPassing: dns.onlyPassing,
    DNSRecursorTimeout: formatDuration(dns.recursorTimeoutMs),
    DNSRecursors: dns.recursors,
    DNSSOA: { Expire: expire, Minttl: minTtl, Refresh: refresh, Retry: retry },
    DNSServiceTTL: goMap(Object.fromEntries(ttls)),
    DNSUDPAnswerLimit: dns.udpAnswersMax,
  };
}

function describeLimits(config: RuntimeConfig): object {
  return {
    AllowWriteHTTPFrom: config.httpAllowWriteFrom,
    CheckOutputMaxSize: config.checkOutputBytesMax,
    CheckUpdateInterval: formatDuration(config.checkUpdateIntervalMs),
    DefaultQueryTime: formatDuration(config.blockingQuery.defaultMs),
    HTTPBlockEndpoints: config.httpBlockEndpoints,
    HTTPMaxConnsPerClient: config.httpConnectionsMax,
    KVMaxValueSize: config.kvValueBytesMax,
    MaxQueryTime: formatDuration(config.blockingQuery.maxMs),
    ReconnectTimeoutLAN: formatDuration(config.reconnectTimeoutMs),
    SessionTTLMin: formatDuration(config.sessionTtlMsMin),
    TxnMaxReqLen: config.txnBytesMax,
  };
}

function describeRest(config: RuntimeConfig): object {
  const { log, serverRejoin, sidecarPorts, tls } = config;
  return {
    CAFile: tls.caFile ?? "",
    CAPath: tls.caPath ?? "",
    CertFile: tls.certFile ?? "",
    ConnectSidecarMaxPort: sidecarPorts.last,
    ConnectSidecarMinPort: sidecarPorts.first,
    DisableCoordinates: config.disableCoordinates,
    DisableHTTPUnprintableCharFilter: config.httpAllowsUnprintable,
    DiscardCheckOutput: config.discardCheckOutput,
    EnableAgentTLSForChecks: config.tlsForChecks.enabled,
    EnableLocalScriptChecks: config.enableLocalScriptChecks,
    EnableRemoteScriptChecks: config.enableScriptChecks,
    EnableUI: config.ui,
    HTTPResponseHeaders: hideSecrets(config.httpHeaders),
    HTTPUseCache: config.httpUseCache,
    LeaveOnTerm: config.leaveOnTerminate,
    Logging: {
      EnableSyslog: false,
      LogFilePath: log.file ?? "",
      LogJSON: log.json,
      LogLevel: log.level.toUpperCase(),
      LogRotateBytes: log.rotateBytes,
      LogRotateDuration: formatDuration(log.rotateAfterMs),
      LogRotateMaxFiles: log.rotatedFilesMax,
      Name: "",
      SyslogFacility: "LOCAL0",
    },
    PidFile: config.pidFile ?? "",
    RetryJoinIntervalLAN: formatDuration(serverRejoin.retryIntervalMs),
    RetryJoinLAN: serverRejoin.retryJoin.map(hideCloudSecrets),
    RetryJoinMaxAttemptsLAN: serverRejoin.retriesMax,
    ServerName: config.tlsForChecks.serverName,
    SkipLeaveOnInt: config.skipLeaveOnInterrupt,
    TLSCipherSuites: tls.cipherSuites.map((name) => cipherSuites.get(name)?.id),
    TLSMinVersion: tls.minVersion,
    TLSPreferServerCipherSuites: tls.preferServerCipherSuites,
    StartJoinAddrsLAN: serverRejoin.join.map(hideCloudSecrets),
    Telemetry: { ...telemetry, PrometheusRetentionTime: formatDuration(config.prometheusRetentionMs) },
    UIContentPath: config.uiContentPath,
    UIDir: config.uiDir ?? "",
    VerifyIncoming: tls.verify.incoming,
    VerifyIncomingHTTPS: tls.verify.incomingHttps,
    VerifyIncomingRPC: tls.verify.incomingRpc,
    VerifyOutgoing: tls.verify.outgoing || tls.verify.serverHostname,
    VerifyServerHostname: tls.verify.serverHostname,
    // Consul: shows an empty object for each watch.
    Watches: config.watches.map(() => ({})),
  };
}

/**
 * Returns a listener's address in the form "tcp://[::1]:8500". Returns the address of a Unix socket unchanged, and "" if the
 * port is disabled.
 */
function place(network: "tcp" | "udp", address: string, port: number): string {
  if (address.startsWith("unix://")) return address;
  if (port < 0) return "";
  return `${network}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** Returns whether a field's value must be hidden. Consul: hides it when the name contains "key", "token" or "secret". */
function isSecret(name: string): boolean {
  return /key|token|secret/i.test(name);
}

function hideSecrets(values: Readonly<Record<string, string>>): object {
  const shown = Object.entries(values).map(([name, value]): [string, string] => [
    name,
    isSecret(name) ? "hidden" : value,
  ]);
  return goMap(Object.fromEntries(shown));
}

/**
 * Hides the credentials in an address like "provider=aws secret_access_key=...", which Consul resolves through the cloud's API.
 */
function hideCloudSecrets(address: string): string {
  return address.replace(/(\S+)=\S*/g, (pair, name: string) => (isSecret(name) ? `${name}=hidden` : pair));
}
