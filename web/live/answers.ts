/* The agent's answers that the screens show, as Consul documents them: only the fields that are used. */

export type CheckStatus = "passing" | "warning" | "critical";

/** An element of `v1/internal/ui/services`. */
export interface ServiceSummary {
  readonly Name: string;
  readonly Tags: readonly string[] | null;
  /** The node of each instance. */
  readonly Nodes: readonly string[];
  readonly InstanceCount: number;
  readonly ChecksPassing: number;
  readonly ChecksWarning: number;
  readonly ChecksCritical: number;
}

/** An element of `v1/health/state/STATUS`, and of an instance's checks. */
export interface Check {
  readonly Node: string;
  readonly CheckID: string;
  readonly Name: string;
  readonly Status: CheckStatus;
  readonly Notes: string;
  readonly Output: string;
  /** "" for a check of the node. */
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly Type?: string;
  /** When the check got its status; only of Praetor, which is asked with `since`, and if that was after the agent's start. */
  readonly Since?: string;
}

/** An element of `v1/health/service/NAME`. */
export interface Instance {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Service: string;
    readonly Address: string;
    readonly Port: number;
    readonly Tags: readonly string[] | null;
    readonly Meta: Readonly<Record<string, string>> | null;
    readonly Weights: { readonly Passing: number; readonly Warning: number };
  };
  readonly Checks: readonly Check[];
}

/** `v1/agent/self`. */
export interface AgentSelf {
  readonly Config: {
    readonly NodeName: string;
    readonly Datacenter: string;
    readonly Server: boolean;
    /** Consul's version, whose API the agent speaks. */
    readonly Version: string;
  };
  /** The whole configuration; secrets are "hidden". */
  readonly DebugConfig: Readonly<Record<string, unknown>> & { readonly DNSPort: number; readonly DNSDomain: string };
  readonly Stats?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** `v1/agent/services`: the services that this agent has registered, by id. */
export type AgentServices = Readonly<Record<string, { readonly ID: string; readonly Service: string }>>;
