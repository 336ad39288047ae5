import type { Agent } from "./agent/agent.ts";
import type { RuntimeConfig } from "./config/runtime-config.ts";
import { formatDuration } from "./lib/duration.ts";
import type { SelfDescription } from "./http/api.ts";
import { consulVersion } from "./model/consul-version.ts";
import type { Store } from "./registry/store.ts";

interface Parts {
  readonly agent: Agent;
  readonly store: Store;
  readonly leader: string;
}

/** What agent/self tells: in Consul's shape, as far as it has a meaning here. Numbers are strings, as Consul's are. */
export function describeSelf(config: RuntimeConfig, { agent, store, leader }: Parts): SelfDescription {
  return {
    config: {
      Datacenter: config.datacenter,
      NodeName: agent.node.name,
      NodeID: agent.node.id,
      Revision: "",
      Server: config.server,
      Version: consulVersion,
    },
    debugConfig: describeConfig(config, agent),
    stats: describeStats(config, { agent, store, leader }),
    meta: agent.node.meta ?? {},
  };
}

/** Consul's DebugConfig is its whole configuration; these are the fields that mean something here, by its names. */
function describeConfig(config: RuntimeConfig, agent: Agent): object {
  const listening = (addresses: readonly string[], port: number): readonly string[] =>
    port > 0 ? addresses.map((address) => `tcp://${address}:${port}`) : [];
  return {
    ACLsEnabled: false,
    AEInterval: "1m0s",
    AdvertiseAddrLAN: config.advertiseAddress,
    AdvertiseAddrWAN: config.advertiseAddressWan,
    AllowWriteHTTPFrom: config.httpAllowWriteFrom,
    BindAddr: config.bindAddress,
    Bootstrap: config.bootstrap,
    BootstrapExpect: config.bootstrapExpect,
    CheckDeregisterIntervalMin: "1m0s",
    CheckOutputMaxSize: config.checkOutputBytesMax,
    ClientAddrs: config.httpAddresses,
    ConnectEnabled: false,
    DNSDomain: config.dnsDomain,
    DNSPort: config.ports.dns,
    DataDir: config.dataDir ?? "",
    Datacenter: config.datacenter,
    DefaultQueryTime: formatDuration(config.blockingQuery.defaultMs),
    DevMode: config.devMode,
    DiscardCheckOutput: config.discardCheckOutput,
    EnableDebug: false,
    EnableLocalScriptChecks: config.enableLocalScriptChecks,
    EnableRemoteScriptChecks: config.enableScriptChecks,
    EnableUI: config.ui,
    GRPCPort: config.ports.grpc,
    HTTPAddrs: listening(config.httpAddresses, config.ports.http),
    HTTPBlockEndpoints: config.httpBlockEndpoints,
    HTTPPort: config.ports.http,
    HTTPResponseHeaders: config.httpHeaders,
    HTTPSAddrs: listening(config.httpsAddresses, config.ports.https),
    HTTPSPort: config.ports.https,
    KeeperAddrs: config.ports.keeper > 0 ? listening(config.keeperAddresses, config.ports.keeper) : undefined,
    KVMaxValueSize: config.kvValueBytesMax,
    LeaveOnTerm: config.leaveOnTerminate,
    Logging: { LogJSON: config.log.json, LogLevel: config.log.level.toUpperCase() },
    MaxQueryTime: formatDuration(config.blockingQuery.maxMs),
    NodeID: agent.node.id,
    NodeMeta: config.nodeMeta,
    NodeName: agent.node.name,
    PrimaryDatacenter: config.datacenter,
    Revision: "",
    SerfPortLAN: config.ports.serfLan,
    SerfPortWAN: config.ports.serfWan,
    ServerMode: config.server,
    ServerPort: config.ports.server,
    SessionTTLMin: formatDuration(config.sessionTtlMsMin),
    SkipLeaveOnInt: config.skipLeaveOnInterrupt,
    TaggedAddresses: config.taggedAddresses,
    TranslateWANAddrs: false,
    TxnMaxReqLen: config.txnBytesMax,
    UIContentPath: config.uiContentPath,
    UIDir: config.uiDir ?? "",
    Version: consulVersion,
    VersionPrerelease: "",
  };
}

/** What there is to say of gossip where there is none. */
const serfAlone = { encrypted: "false", failed: "0", health_score: "0", left: "0", members: "1" };

function describeStats(config: RuntimeConfig, { agent, store, leader }: Parts): object {
  const checks = [...agent.checks.values()];
  const ttls = checks.filter(({ type }) => type === "ttl").length;
  const index = String(store.state.index);
  return {
    agent: {
      check_monitors: String(checks.filter(({ type }) => type === "script").length),
      check_ttls: String(ttls),
      checks: String(checks.length),
      services: String(agent.services.size),
    },
    build: { prerelease: "", revision: "", version: consulVersion },
    consul: {
      acl: "disabled",
      bootstrap: String(config.bootstrap),
      known_datacenters: "1",
      leader: "true",
      leader_addr: leader,
      server: "true",
    },
    raft: {
      applied_index: index,
      commit_index: index,
      fsm_pending: "0",
      last_contact: "0",
      last_log_index: index,
      last_log_term: "1",
      latest_configuration: `[{Suffrage:Voter ID:${agent.node.id} Address:${leader}}]`,
      latest_configuration_index: "0",
      num_peers: "0",
      protocol_version: "3",
      state: "Leader",
      term: "1",
    },
    runtime: {
      arch: process.arch === "x64" ? "amd64" : process.arch,
      cpu_count: String(navigator.hardwareConcurrency),
      os: process.platform,
      version: `bun${Bun.version}`,
    },
    serf_lan: serfAlone,
    serf_wan: serfAlone,
  };
}
