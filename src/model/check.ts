import type { RowIndexes } from "./node.ts";

export const checkStatuses = ["passing", "warning", "critical"] as const;
export type CheckStatus = (typeof checkStatuses)[number];

/** How an agent determines whether a service or node is healthy. Times are in milliseconds. */
export type CheckMethod =
  | {
      readonly kind: "http";
      readonly url: string;
      /** The HTTP method; "" means GET. */
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
      /** The gRPC server, host:port, or one of its services, host:port/service. */
      readonly target: string;
      readonly useTls: boolean;
      readonly tlsSkipVerify: boolean;
      readonly intervalMs: number;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: "alias";
      /** Name of the node whose checks count; "" means this agent's node. */
      readonly node: string;
      /** Id of the service whose checks count; "" means the checks of the node itself. */
      readonly service: string;
    };

/** A check to run, as the HTTP API or a configuration file defines it. */
export interface CheckDefinition {
  /** The check's id. "" lets the agent choose: the check's name, or "service:<id>[:n]" for a check inside a service. */
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  /** Id of the service that the check belongs to; "" for a check of the node. */
  readonly serviceId: string;
  /** The status before the first result. */
  readonly initialStatus: CheckStatus;
  readonly method: CheckMethod;
  /**
   * Numbers of consecutive results that change the check's status: to passing or warning, and to critical. 0 and 1 both mean one
   * result (withThresholds).
   */
  readonly successBeforePassing: number;
  readonly failuresBeforeCritical: number;
  /** Milliseconds that the check must be critical before the agent deregisters its service: at least 60,000, or 0 for never. */
  readonly deregisterCriticalServiceAfterMs: number;
  /** Maximum number of bytes of output that the agent keeps; Consul's default is 4096. */
  readonly outputBytesMax: number;
  /** The secret that a file gives for the registration in the catalog. */
  readonly token?: string;
}

/** A check as the catalog stores it and the API shows it. */
export interface Check {
  readonly node: string;
  readonly id: string;
  readonly name: string;
  readonly status: CheckStatus;
  readonly notes: string;
  /**
   * The output. The catalog stores it only for checks registered through the catalog; the agent keeps the output of its own
   * checks in memory.
   */
  readonly output: string;
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  /**
   * The type: "http", "tcp", "ttl", "script", "docker", "grpc" or "alias"; "" for a check registered through the catalog
   * without a type, and for a check of a configuration file outside a service.
   */
  readonly type: string;
  readonly definition: CheckRowDefinition;
}

/** The definition that an external monitor stores with a check through catalog/register; no agent runs it. */
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

/** Returns the worst of the statuses: critical before warning before passing. Returns passing if `statuses` is empty. */
export function worstStatus(statuses: Iterable<CheckStatus>): CheckStatus {
  let worst: CheckStatus = "passing";
  for (const status of statuses) {
    if (status === "critical") return "critical";
    if (status === "warning") worst = "warning";
  }
  return worst;
}
