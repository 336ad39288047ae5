import type { Check } from "../model/check.ts";
import { consulVersion } from "../model/consul-version.ts";
import type { Member } from "../model/member.ts";
import type { Node } from "../model/node.ts";
import type { Service } from "../model/service.ts";

/** The id of the service that a server registers for its own node. */
export const serverServiceId = "consul";
/** The id of the check that shows whether a node's agent is alive. */
export const serfCheckId = "serfHealth";

/**
 * Returns a server's registration in the catalog, as Consul's leader writes it: the service "consul" and the check
 * "serfHealth".
 */
export function serverRegistration(
  node: Node,
  serverPort: number,
): { readonly node: Node; readonly service: Service; readonly checks: readonly Check[] } {
  return {
    node,
    service: {
      id: serverServiceId,
      name: serverServiceId,
      kind: "",
      tags: [],
      address: "",
      taggedAddresses: null,
      port: serverPort,
      meta: {
        non_voter: "false",
        raft_version: "3",
        serf_protocol_current: "2",
        serf_protocol_max: "5",
        serf_protocol_min: "1",
        version: consulVersion,
      },
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
    },
    checks: [serfCheck(node.name, true)],
  };
}

export interface ServerSettings {
  /** Present if access control is on. Its content does not matter here. */
  readonly accessControl?: object | undefined;
  readonly bootstrap: boolean;
  /** The number of servers for which the start of an agent waits; 0 if the start waits for none. */
  readonly bootstrapExpect: number;
  readonly ports: { readonly server: number; readonly serfLan: number; readonly serfWan: number };
}

/** Returns this server as a member. @param startedMs when the server started, in milliseconds since 1970 */
export function serverMember(
  node: Node,
  { accessControl, bootstrap, bootstrapExpect, ports }: ServerSettings,
  startedMs: number,
): Member {
  return {
    name: node.name,
    address: node.address,
    port: ports.serfLan,
    status: "alive",
    sinceMs: startedMs,
    tags: {
      acls: accessControl ? "1" : "0",
      ...(bootstrap && { bootstrap: "1" }),
      build: `${consulVersion}:`,
      dc: node.datacenter,
      ...(bootstrapExpect > 0 && { expect: String(bootstrapExpect) }),
      ft_fs: "1",
      id: node.id,
      port: String(ports.server),
      raft_vsn: "3",
      role: "consul",
      segment: "",
      vsn: "2",
      vsn_max: "3",
      vsn_min: "2",
      wan_join_port: String(ports.serfWan),
    },
  };
}

/** Returns a client agent as a member. */
export function clientMember(
  node: Node,
  { build, serfPort, sinceMs }: { readonly build: string; readonly serfPort: number; readonly sinceMs: number },
): Member {
  return {
    name: node.name,
    address: node.address,
    port: serfPort,
    status: "alive",
    sinceMs,
    tags: {
      acls: "0",
      build: `${build}:`,
      dc: node.datacenter,
      id: node.id,
      role: "node",
      segment: "",
      vsn: "2",
      vsn_max: "3",
      vsn_min: "2",
    },
  };
}

/** Returns a server as a member of the WAN pool, as servers of other datacenters see it. */
export function wanMember(member: Member): Member {
  const { wan_join_port: port, ...tags } = member.tags;
  return { ...member, name: `${member.name}.${tags["dc"]}`, port: Number(port), tags };
}

/** Returns the check serfHealth of a node: passing if the node's agent is alive, else critical. */
export function serfCheck(node: string, isAlive: boolean): Check {
  return {
    node,
    id: serfCheckId,
    name: "Serf Health Status",
    status: isAlive ? "passing" : "critical",
    notes: "",
    output: isAlive ? "Agent alive and reachable" : "Agent not live or unreachable",
    serviceId: "",
    serviceName: "",
    serviceTags: [],
    type: "",
    definition: {},
  };
}
