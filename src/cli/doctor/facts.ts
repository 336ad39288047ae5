/** What doctor knows of an agent and the machine that it is asked from. Findings are drawn from this alone. */
export interface Facts {
  readonly agent: AgentFacts;
  readonly members: readonly MemberFacts[];
  /** Of the catalog. */
  readonly nodes: readonly NodeFacts[];
  readonly services: readonly ServiceFacts[];
  readonly checks: readonly CheckFacts[];
  readonly hasKeys: boolean;
  /** Names among the services' addresses that cannot be resolved here. */
  readonly unresolvedNames: ReadonlySet<string>;
  /** Where it says that it listens. */
  readonly ports: readonly PortFacts[];
  /** Another agent that answers at the usual port of this machine. */
  readonly neighbour: NeighbourFacts | undefined;
  /** Other agents that listen on this machine; empty if the agent's own process is not found here. */
  readonly otherAgents: readonly OtherAgentFacts[];
  /** Services that wanted a port of another and could be given none. */
  readonly withoutPort: readonly { readonly service: string; readonly reason: string }[];
  /** undefined where the agent does not tell. */
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number } | undefined;
  /** undefined without one, or where it is on another machine. */
  readonly dataFolder: FolderFacts | undefined;
}

export interface AgentFacts {
  readonly nodeName: string;
  readonly version: string;
  readonly devMode: boolean;
  /** "127.0.0.1:8500" */
  readonly httpAddresses: readonly string[];
  /** Networks; undefined where the agent does not tell. */
  readonly writersAllowed: readonly string[] | undefined;
  readonly scriptsAllowed: boolean;
  /** Definitions of files that it leaves out, or uses otherwise than they say. */
  readonly definitionFaults: readonly { readonly where: string; readonly message: string }[];
  /** Why its last write to the disk was refused; "" if it was not. */
  readonly writeRefused: string;
  /** undefined if it has none, or does not tell. */
  readonly messageBus: { readonly isConnected: boolean; readonly changesWaiting: number } | undefined;
  /** Its wall clock. */
  readonly clockMs: number;
}

export interface MemberFacts {
  readonly name: string;
  readonly version: string;
}

export interface NodeFacts {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  /** Registered for something that has no agent. */
  readonly isExternal: boolean;
}

export interface ServiceFacts {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  /** Its own, or else its node's. */
  readonly address: string;
  readonly port: number;
}

export interface CheckFacts {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  /** "" for a node's. */
  readonly serviceId: string;
  readonly status: string;
  /** What it printed, else its notes. */
  readonly reason: string;
  /** "http", "ttl", "script" ... */
  readonly type: string;
  /** Nothing was heard of it since it was registered. */
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
  /** Of its program: "praetor" or "consul". */
  readonly name: string;
  readonly pid: number;
  /** "127.0.0.1:8500" */
  readonly endpoints: readonly string[];
}

export interface FolderFacts {
  readonly path: string;
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** How many more files the file system takes; undefined if it has no limit. */
  readonly freeFiles: number | undefined;
  /** A Consul kept its data here. */
  readonly hasConsulData: boolean;
  /** As statfs(2) numbers the kinds of file systems. */
  readonly fileSystem: number;
  /** When the youngest of its files was written. */
  readonly newestFileMs: number;
}

/** Something that is wrong. */
export interface Finding {
  /** Stable, kebab-case. */
  readonly kind: string;
  readonly where: string;
  /** One sentence. */
  readonly problem: string;
  /** What to do. */
  readonly advice: string;
}

/** Looks for one kind of mistake, or a few of one family. */
export type Rule = (facts: Facts) => readonly Finding[];

export function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1|\[::1\])$/i.test(address);
}

/** Items that have the same key as another, in groups; what has no key ("") is alone. */
export function groupsOf<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== "") groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}
