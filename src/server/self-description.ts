import type { Agent } from "../agent/agent.ts";
import type { FileFault } from "../agent/file-definitions.ts";
import type { RuntimeConfig } from "../config/runtime-config.ts";
import { describeConfig } from "./debug-config.ts";
import type { SelfDescription } from "../http/endpoints/agent.ts";
import { messageOf } from "../lib/errors.ts";
import { consulVersion } from "../model/consul-version.ts";
import type { Member, MemberStatus } from "../model/member.ts";
import type { Registry } from "../registry/registry.ts";

interface Parts {
  readonly agent: Agent;
  readonly store: Registry;
  readonly leader: string;
  readonly members: readonly Member[];
  readonly definitionFaults: readonly FileFault[];
}

/** Returns the body for agent/self, with those of Consul's fields that apply to Praetor. Consul: numbers are strings. */
export function describeSelf(
  config: RuntimeConfig,
  { agent, store, leader, members, definitionFaults }: Parts,
): SelfDescription {
  return {
    config: {
      Datacenter: config.datacenter,
      NodeName: agent.node.name,
      NodeID: agent.node.id,
      Revision: "",
      Server: config.server,
      Version: consulVersion,
    },
    debugConfig: describeConfig(config, agent.node, definitionFaults),
    stats: describeStats(config, { agent, store, leader, members }),
    meta: agent.node.meta ?? {},
  };
}

function countOf(members: readonly Member[]): object {
  const withStatus = (status: MemberStatus): string =>
    String(members.filter((member) => member.status === status).length);
  return { failed: withStatus("failed"), left: withStatus("left"), members: String(members.length) };
}

/** Consul's gossip statistics, for a single server. */
const serfAlone = { encrypted: "false", failed: "0", health_score: "0", left: "0", members: "1" };

function describeStats(
  config: RuntimeConfig,
  { agent, store, leader, members }: Omit<Parts, "definitionFaults">,
): object {
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
    serf_lan: { ...serfAlone, encrypted: String(config.clusterKey !== undefined), ...countOf(members) },
    serf_wan: serfAlone,
    // This field exists only in Praetor, not in Consul.
    ...(store.refusal !== undefined && { store: { write_refused: messageOf(store.refusal) } }),
  };
}
