import type { Agent } from "../agent/agent.ts";
import type { FileFault } from "../agent/file-definitions.ts";
import type { RefusedThing } from "../cluster/refused-writes.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import { describeConfig } from "./debug-config.ts";
import type { SelfDescription } from "../http/endpoints/agent.ts";
import { messageOf } from "../lib/errors.ts";
import { consulVersion } from "../model/consul-version.ts";
import { formatDuration } from "../lib/duration.ts";
import { isServer, type Member, type MemberStatus } from "../model/member.ts";
import type { ClusterView, RaftPeer } from "../registry/cluster-view.ts";
import type { Registry } from "../registry/registry.ts";

interface Parts {
  readonly agent: Agent;
  readonly store: Registry;
  readonly cluster: ClusterView;
  readonly members: readonly Member[];
  readonly definitionFaults: readonly FileFault[];
}

/** Returns the body for agent/self, with those of Consul's fields that apply to Praetor. Consul: numbers are strings. */
export function describeSelf(
  config: RuntimeConfig,
  { agent, store, cluster, members, definitionFaults }: Parts,
): SelfDescription {
  const stats = describeStats(config, { agent, store, cluster, members });
  const described = describeAgent(config, agent, definitionFaults);
  // Assigned, since a copy of the map would not be rendered in the order of its keys.
  return { ...described, debugConfig: Object.assign(described.debugConfig, describeBackup(config)), stats };
}

/** Returns the body for agent/self of a client agent. @param servers the number of servers that it knows */
export function describeClient(
  config: RuntimeConfig,
  {
    agent,
    servers,
    definitionFaults,
    refusedWrites,
  }: Pick<Parts, "agent" | "definitionFaults"> & {
    readonly servers: number;
    readonly refusedWrites: readonly RefusedThing[];
  },
): SelfDescription {
  const stats = {
    ...agentStats(agent),
    consul: { acl: config.accessControl ? "enabled" : "disabled", known_servers: String(servers), server: "false" },
    runtime,
    serf_lan: { ...serfAlone, encrypted: String(config.clusterKey !== undefined), members: String(servers + 1) },
  };
  const described = describeAgent(config, agent, definitionFaults);
  return { ...described, debugConfig: Object.assign(described.debugConfig, describeRefused(refusedWrites)), stats };
}

function describeAgent(
  config: RuntimeConfig,
  { node }: Agent,
  definitionFaults: readonly FileFault[],
): Omit<SelfDescription, "stats"> {
  return {
    config: {
      Datacenter: config.datacenter,
      NodeName: node.name,
      NodeID: node.id,
      Revision: "",
      Server: config.server,
      Version: consulVersion,
    },
    debugConfig: describeConfig(config, node, definitionFaults),
    meta: node.meta ?? {},
  };
}

/** Returns the field Backup, which only Praetor has; {} if the server makes no backups. */
function describeBackup({ backup }: RuntimeConfig): object {
  return backup ? { Backup: { Folder: backup.folder, IntervalSeconds: backup.intervalMs / 1_000 } } : {};
}

/** Returns the field RefusedWrites, which only Praetor has; {} if the servers refuse nothing. */
function describeRefused(refused: readonly RefusedThing[]): object {
  if (refused.length === 0) return {};
  return { RefusedWrites: refused.map(({ kind, id, accessorId }) => ({ Kind: kind, ID: id, AccessorID: accessorId })) };
}

function countOf(members: readonly Member[]): object {
  const withStatus = (status: MemberStatus): string =>
    String(members.filter((member) => member.status === status).length);
  return { failed: withStatus("failed"), left: withStatus("left"), members: String(members.length) };
}

/** Consul's gossip statistics, for a single server. */
const serfAlone = { encrypted: "false", failed: "0", health_score: "0", left: "0", members: "1" };

const runtime = {
  arch: process.arch === "x64" ? "amd64" : process.arch,
  cpu_count: String(navigator.hardwareConcurrency),
  os: process.platform,
  version: `bun${Bun.version}`,
};

function agentStats(agent: Agent): object {
  const checks = [...agent.checks.values()];
  return {
    agent: {
      check_monitors: String(checks.filter(({ type }) => type === "script").length),
      check_ttls: String(checks.filter(({ type }) => type === "ttl").length),
      checks: String(checks.length),
      services: String(agent.services.size),
    },
    build: { prerelease: "", revision: "", version: consulVersion },
  };
}

function describeStats(
  config: RuntimeConfig,
  { agent, store, cluster, members }: Omit<Parts, "definitionFaults">,
): object {
  const index = String(store.state.index);
  return {
    ...agentStats(agent),
    consul: {
      acl: config.accessControl ? "enabled" : "disabled",
      bootstrap: String(config.bootstrap),
      known_datacenters: "1",
      leader: String(cluster.leads),
      leader_addr: cluster.leader?.address ?? "",
      server: "true",
    },
    raft: {
      applied_index: index,
      commit_index: index,
      fsm_pending: "0",
      last_contact: lastContactOf(cluster),
      last_log_index: index,
      last_log_term: String(cluster.term),
      latest_configuration: `[${cluster.knownPeers.map(showPeer).join(" ")}]`,
      latest_configuration_index: "0",
      // Consul: the number of the other voters.
      num_peers: String(cluster.knownPeers.filter(({ id, isVoter }) => isVoter && id !== cluster.own.id).length),
      protocol_version: "3",
      state: raftStateOf(cluster),
      term: String(cluster.term),
    },
    runtime,
    serf_lan: { ...serfAlone, encrypted: String(config.clusterKey !== undefined), ...countOf(members) },
    serf_wan: { ...serfAlone, ...countOf(members.filter(isServer)) },
    // This field exists only in Praetor, not in Consul.
    ...(store.refusal !== undefined && { store: { write_refused: messageOf(store.refusal) } }),
  };
}

function lastContactOf({ leads, lastContactMs }: ClusterView): string {
  if (leads) return "0";
  return Number.isFinite(lastContactMs) ? formatDuration(lastContactMs) : "never";
}

function raftStateOf({ leads, leader }: ClusterView): string {
  if (leads) return "Leader";
  return leader ? "Follower" : "Candidate";
}

function showPeer({ id, address, isVoter }: RaftPeer): string {
  return `{Suffrage:${isVoter ? "Voter" : "Nonvoter"} ID:${id} Address:${address}}`;
}
