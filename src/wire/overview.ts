import type { CheckRow } from "../model/check.ts";
import { reasonOf } from "../model/check-reason.ts";
import type { HealthStatus } from "../model/health-status.ts";
import type { PortRecord } from "../model/port-record.ts";

/** The answer of /v1/praetor/overview. */
export interface OverviewJson {
  readonly Node: string;
  readonly Datacenter: string;
  readonly Version: string;
  /** When the agent started, in the format of RFC 3339. */
  readonly StartedAt: string;
  readonly Nodes: number;
  readonly Instances: number;
  readonly Services: {
    readonly Critical: number;
    readonly Maintenance: number;
    readonly Warning: number;
    readonly Passing: number;
  };
  /** The first services that do not pass, worst first. The numbers in Services count all of them. */
  readonly Failing: readonly FailingServiceJson[];
  /** The number of port records in each state. */
  readonly Ports: Readonly<Record<string, number>>;
}

export interface FailingServiceJson {
  readonly Service: string;
  readonly Status: HealthStatus;
  readonly FailingInstances: number;
  readonly Node: string;
  readonly ServiceID: string;
  readonly CheckID: string;
  readonly Reason: string;
  /** When the check got its status; absent if that was before the agent's start. */
  readonly Since?: string;
}

interface FailingService {
  readonly name: string;
  readonly status: HealthStatus;
  readonly failingInstances: number;
  readonly check: CheckRow;
}

/** Maximum length in characters of a reason in a list, which shows the beginning only. */
const reasonLengthMax = 256;

export function encodeFailingService(
  { name, status, failingInstances, check }: FailingService,
  { output, sinceMs }: { readonly output: string; readonly sinceMs: number | undefined },
): FailingServiceJson {
  return {
    ...{ Service: name, Status: status, FailingInstances: failingInstances },
    ...{ Node: check.node, ServiceID: check.serviceId, CheckID: check.id },
    Reason: reasonOf({ output, notes: check.notes }).slice(0, reasonLengthMax),
    ...(sinceMs !== undefined && { Since: new Date(sinceMs).toISOString() }),
  };
}

export function countStates(records: readonly PortRecord[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of records) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** One change of a check's status, in the answer of /v1/praetor/transitions. */
export interface TransitionJson {
  readonly Number: number;
  readonly At: string;
  readonly Node: string;
  readonly Service: string;
  readonly ServiceID: string;
  readonly CheckID: string;
  readonly Name: string;
  readonly From: string;
  readonly To: string;
  readonly Reason: string;
}

/** The answer of /v1/praetor/transitions. */
export interface TransitionsJson {
  /** The number of the newest transition: the `since` of the next request. */
  readonly Number: number;
  readonly Transitions: readonly TransitionJson[];
}

export function encodeTransition(transition: {
  readonly number: number;
  readonly check: CheckRow;
  readonly from: string;
  readonly atMs: number;
  readonly reason: string;
}): TransitionJson {
  const { number, check, from, atMs, reason } = transition;
  return {
    ...{ Number: number, At: new Date(atMs).toISOString(), Node: check.node },
    ...{ Service: check.serviceName, ServiceID: check.serviceId, CheckID: check.id, Name: check.name },
    ...{ From: from, To: check.status, Reason: reason },
  };
}
