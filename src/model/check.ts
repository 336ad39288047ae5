import type { RowIndexes } from "./node.ts";

export const checkStatuses = ["passing", "warning", "critical"] as const;
export type CheckStatus = (typeof checkStatuses)[number];

/** How an agent finds out whether a service or node is well. Times in milliseconds. */
export type CheckMethod =
  | {
      readonly kind: "http";
      readonly url: string;
      /** "" means GET. */
      readonly method: string;
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly body: string;
      readonly tlsSkipVerify: boolean;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | { readonly kind: "tcp"; readonly address: string; readonly intervalMs: number; readonly timeoutMs: number }
  | { readonly kind: "ttl"; readonly ttlMs: number }
  | {
      readonly kind: "script";
      readonly args: readonly string[];
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "docker";
      /** The container's name or id. */
      readonly container: string;
      readonly args: readonly string[];
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "grpc";
      /** host:port, or host:port/service. */
      readonly target: string;
      readonly useTls: boolean;
      readonly tlsSkipVerify: boolean;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "alias";
      /** The node to follow; "" means this agent's own. */
      readonly node: string;
      /** The service id to follow; "" means the node's own checks. */
      readonly service: string;
    };

/** What an agent is asked to check: by its HTTP API or by a definition in a configuration file. */
export interface CheckDefinition {
  /** "" lets the agent choose: the check's name, or "service:<id>[:n]" for a check inside a service. */
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  /** "" for a check of the node. */
  readonly serviceId: string;
  /** The status before the first result. */
  readonly initialStatus: CheckStatus;
  readonly method: CheckMethod;
  /** Results in a row that it takes to turn passing, and critical, less one: 0 and 1 both mean "at once". */
  readonly successBeforePassing: number;
  readonly failuresBeforeCritical: number;
  /** 0 for never; otherwise at least 60,000. */
  readonly deregisterCriticalServiceAfterMs: number;
  /** Limit of the kept output; Consul's default is 4096. */
  readonly outputBytesMax: number;
}

/** A check's outcome as the catalog keeps and shows it. */
export interface Check {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  readonly status: CheckStatus;
  readonly notes: string;
  /** Stored only for checks that others reported; what an agent's own checks print is kept in memory beside the state. */
  readonly output: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  /** "http", "tcp", "ttl", "script", "docker", "grpc", "alias"; "" when reported by others, and for a file's check outside a service. */
  readonly type: string;
  readonly definition: CheckRowDefinition;
}

/** The definition that an external monitor stores with a check (catalog/register); durations as Go prints them. */
export interface CheckRowDefinition {
  readonly http?: string;
  readonly tlsSkipVerify?: boolean;
  readonly header?: Readonly<Record<string, readonly string[]>>;
  readonly method?: string;
  readonly body?: string;
  readonly tcp?: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly deregisterCriticalServiceAfterMs?: number;
}

export type CheckRow = Check & RowIndexes;

/** critical beats warning beats passing; no checks at all is passing. */
export function worstStatus(statuses: Iterable<CheckStatus>): CheckStatus {
  let worst: CheckStatus = "passing";
  for (const status of statuses) {
    if (status === "critical") return "critical";
    if (status === "warning") worst = "warning";
  }
  return worst;
}
