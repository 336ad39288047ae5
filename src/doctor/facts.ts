import type { ServersHealth } from "./server-health.ts";

/** The input of doctor's rules: facts about an agent and the machine on which doctor runs. */
export interface Facts {
  readonly agent: AgentFacts;
  readonly members: readonly MemberFacts[];
  /** The servers of the cluster; undefined if the agent does not know how they are. */
  readonly servers: ServersHealth | undefined;
  /** The nodes in the catalog. */
  readonly nodes: readonly NodeFacts[];
  readonly services: readonly ServiceFacts[];
  readonly checks: readonly CheckFacts[];
  readonly hasKeys: boolean;
  /** The names of EdgeX's policies that do not let its services read the agent's node. */
  readonly policiesWithoutNode: readonly string[];
  /** Host names in services' addresses that this machine cannot resolve. */
  readonly unresolvedNames: ReadonlySet<string>;
  /** The agent's listeners that doctor has probed. */
  readonly ports: readonly PortFacts[];
  /** Another agent at port 8500 of this machine; undefined if no other agent answers there. */
  readonly neighbour: NeighbourFacts | undefined;
  /** Other agents that listen on this machine; empty if the examined agent's process is not on this machine. */
  readonly otherAgents: readonly OtherAgentFacts[];
  /** Services that needed another port when edgex.ports.range had no free one. */
  readonly withoutPort: readonly { readonly service: string; readonly reason: string }[];
  /** Memory of the agent's machine in bytes; undefined if the agent does not report it. */
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number } | undefined;
  /** The agent's data folder; undefined if the agent has none or runs on another machine. */
  readonly dataFolder: FolderFacts | undefined;
}

export interface AgentFacts {
  readonly nodeName: string;
  readonly version: string;
  readonly devMode: boolean;
  /** Hosts and ports of the HTTP and HTTPS listeners: "127.0.0.1:8500". */
  readonly httpAddresses: readonly string[];
  /** Networks that may write (CIDR), empty for all; undefined if the agent does not report them. */
  readonly writersAllowed: readonly string[] | undefined;
  readonly scriptsAllowed: boolean;
  /** Whether checks that clients register may run scripts. */
  readonly remoteScriptsAllowed: boolean;
  /** The decision of access control where no rule speaks; "off" if access control is off. */
  readonly accessControl: "off" | "allow" | "deny";
  /** Definitions in the agent's files that the agent ignores or corrects. */
  readonly definitionFaults: readonly { readonly where: string; readonly message: string }[];
  /** The services and checks of this agent that the catalog lacks, since their tokens may not register them. */
  readonly refusedWrites: readonly { readonly kind: string; readonly id: string; readonly accessorId: string }[];
  /** Why the agent's last write to the disk failed; "" if that write succeeded. */
  readonly writeRefused: string;
  /** The agent's own TLS certificate and its authorities; empty if the agent has none, or does not report them. */
  readonly certificates: readonly CertificateFacts[];
  /** Whether the agent knows a leader. */
  readonly hasLeader: boolean;
  /** The message bus; undefined if the agent has none, or does not report it. */
  readonly messageBus: { readonly isConnected: boolean; readonly changesWaiting: number } | undefined;
  /** The scheduled backups; undefined if this agent makes none now. */
  readonly backups: BackupFacts | undefined;
  /** The wall clock of the agent's machine, in milliseconds since 1970. */
  readonly clockMs: number;
}

export interface BackupFacts {
  readonly folder: string;
  readonly intervalS: number;
  /** Seconds since the newest good backup; undefined if no backup is good. */
  readonly ageS: number | undefined;
  readonly hasFailed: boolean;
}

export interface CertificateFacts {
  /** The setting and the path: "cert_file /etc/praetor.d/a.pem". */
  readonly files: string;
  readonly isAuthority: boolean;
  /** Seconds until the first certificate of the files expires; below 0 if it has expired. */
  readonly expiresInS: number;
}

export interface MemberFacts {
  readonly name: string;
  readonly isServer: boolean;
  /** "alive", "failed", "left" or "leaving". */
  readonly status: string;
  readonly version: string;
}

export interface NodeFacts {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  /** Whether the node was registered for a machine without an agent (meta external-node). */
  readonly isExternal: boolean;
}

export interface ServiceFacts {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  /** The service's address, else the address of its node. */
  readonly address: string;
  readonly port: number;
}

export interface CheckFacts {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  /** Id of the check's service; "" for a check of a node. */
  readonly serviceId: string;
  readonly status: string;
  /** The check's output, else its notes. */
  readonly reason: string;
  /** The check's type: "http", "ttl", "script" ... */
  readonly type: string;
  /** Whether the check has had the same status since its registration. */
  readonly isUnchanged: boolean;
}

export interface PortFacts {
  readonly name: string;
  readonly address: string;
  readonly answers: boolean;
}

export interface NeighbourFacts {
  readonly url: string;
  readonly nodeName: string;
  readonly version: string;
}

export interface OtherAgentFacts {
  /** The name of the agent's program: "praetor" or "consul". */
  readonly name: string;
  readonly pid: number;
  /** Hosts and ports on which the agent listens: "127.0.0.1:8500". */
  readonly endpoints: readonly string[];
}

export interface FolderFacts {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Number of free inodes; undefined if the file system has no limit. */
  readonly freeFiles: number | undefined;
  /** Whether the folder holds Consul's state. */
  readonly hasConsulData: boolean;
  /** The type of the folder's file system, the f_type of statfs(2). */
  readonly fileSystem: number;
  /** Modification time of the folder's newest file, in milliseconds since 1970. */
  readonly newestFileMs: number;
}

/** A problem that doctor reports. */
export interface Finding {
  /** A stable code in kebab-case. */
  readonly kind: string;
  readonly where: string;
  /** One sentence that describes the problem. */
  readonly problem: string;
  /** The remedy: what the user can do. */
  readonly advice: string;
}

/** A function that reports one kind of problem, or a few related kinds. */
export type Rule = (facts: Facts) => readonly Finding[];

export function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1|\[::1\])$/i.test(address);
}

/** Groups items with equal keys; leaves out groups of one, and items with the key "". */
export function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== "") groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
