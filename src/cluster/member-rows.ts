import { isDeepStrictEqual } from "node:util";
import { consulVersion } from "../model/consul-version.ts";
import { type Member, nodeIdOf } from "../model/member.ts";
import type { Node } from "../model/node.ts";
import { checkOfNode, getMemberOfId, nodeOfMember, type setMember } from "../registry/member.ts";
import type { Registry } from "../registry/registry.ts";
import { type JoinRequest, nodeOf } from "./join-call.ts";
import { clientMember, serfCheck, serfCheckId, serverMember, type ServerSettings } from "./server-registration.ts";

/** The rows of a member's node, which are written together with the member. */
type Registration = Parameters<typeof setMember>[2];

/** Returns how a server of a cluster introduces itself to the other servers. @param cluster the token of its etcd's cluster */
export function serverJoin(node: Node, settings: ServerSettings, cluster?: string): JoinRequest {
  const { id, name, address, datacenter, meta, taggedAddresses } = node;
  return {
    ...{ id, name, address, datacenter, build: consulVersion, role: "server", serfPort: settings.ports.serfLan },
    ...{ meta: meta ?? {}, taggedAddresses: taggedAddresses ?? {} },
    server: {
      ...{ bootstrap: settings.bootstrap, bootstrapExpect: settings.bootstrapExpect, ports: portsOf(settings) },
      // The settings have secrets, which other servers need not know.
      ...(settings.accessControl && { accessControl: {} }),
    },
    cluster,
  };
}

/** Returns the three ports that a member shows; a configuration has more. */
function portsOf({ ports: { server, serfLan, serfWan } }: ServerSettings): ServerSettings["ports"] {
  return { server, serfLan, serfWan };
}

/** Returns an agent as an alive member. */
export function memberOf(agent: JoinRequest, sinceMs: number): Member {
  const { build, serfPort, server } = agent;
  if (!server) return clientMember(nodeOf(agent), { build, serfPort, sinceMs });
  const member = serverMember(nodeOf(agent), server, sinceMs);
  return { ...member, tags: { ...member.tags, build: `${build}:` } };
}

/** Returns the rows of an alive member's node. */
export function aliveNode(agent: JoinRequest): Registration {
  return { node: nodeOf(agent), skipNodeUpdate: false, checks: [serfCheck(agent.name, true)] };
}

/** Returns the rows of a failed member's node. */
export function failedNode(node: Node): Registration {
  return { node, skipNodeUpdate: true, checks: [serfCheck(node.name, false)] };
}

/** Returns whether the rows of an agent and its node show it as alive, with all that it says of itself. */
export function isShownAlive(store: Registry, agent: JoinRequest): boolean {
  const row = getMemberOfId(store, agent.id);
  const node = row && nodeOfMember(store, row);
  if (!node || nodeIdOf(row) !== agent.id) return false;
  const { createIndex: _c, modifyIndex: _m, ...member } = row;
  const { createIndex: _nc, modifyIndex: _nm, ...registered } = node;
  const isSame =
    isDeepStrictEqual(member, memberOf(agent, row.sinceMs)) && isDeepStrictEqual(registered, nodeOf(agent));
  return isSame && checkOfNode(store, node.name, serfCheckId)?.status === "passing";
}
