import type { Check, ServiceSummary } from "../live/answers.ts";
import { useReading } from "../live/reading.ts";
import type { Reading } from "../live/view-state.ts";
import { compareStatus, type Status, statusOf } from "../parts/status.tsx";

/** A service as the lists show it. */
export interface ServiceRow {
  readonly name: string;
  readonly status: Status;
  /** When the first of the checks that explain the status got it; undefined if that is not known. */
  readonly sinceMs: number | undefined;
  readonly instances: number;
  /** Instances none of whose checks is critical, those of their node included. */
  readonly passing: number;
  /** The first line of the worst check's output; "" if all checks pass. */
  readonly reason: string;
  readonly tags: readonly string[];
  readonly nodes: readonly string[];
}

export interface ServiceRows {
  readonly rows: readonly ServiceRow[];
  readonly readings: readonly Reading<unknown>[];
}

/** Returns all services, worst first, then by name. */
export function useServiceRows(): ServiceRows {
  const services = useReading<readonly ServiceSummary[]>({
    path: "v1/internal/ui/services",
    topics: ["services", "health"],
  });
  const critical = useReading<readonly Check[]>({ path: "v1/health/state/critical?since", topics: ["health"] });
  const warning = useReading<readonly Check[]>({ path: "v1/health/state/warning?since", topics: ["health"] });
  const rows = serviceRows(services.value ?? [], [...(critical.value ?? []), ...(warning.value ?? [])]);
  return { rows, readings: [services, critical, warning] };
}

/** Returns the rows of these services. The status is the agent's: the worst of a service's checks and those of its nodes. */
function serviceRows(services: readonly ServiceSummary[], failing: readonly Check[]): readonly ServiceRow[] {
  const places = byPlace(failing);
  const rows = services.map((service): ServiceRow => {
    const { Name: name, Tags: tags, InstanceCount: instances, Nodes } = service;
    const checks = checksOf(service, places);
    const status = statusIn(service, checks);
    const causes = checks.filter((check) => statusOf(check) === status);
    return {
      ...{ name, status, instances, passing: passingOf(service, checks), tags: tags ?? [] },
      ...{ nodes: [...new Set(Nodes)], sinceMs: sinceOf(causes), reason: causes[0] ? firstLine(causes[0]) : "" },
    };
  });
  return rows.toSorted((a, b) => compareStatus(a.status, b.status) || (a.name < b.name ? -1 : 1));
}

/** Returns the service's status. The counts are those of the agent, which the list of checks may be a moment behind. */
function statusIn({ ChecksCritical, ChecksWarning }: ServiceSummary, checks: readonly Check[]): Status {
  const critical = checks.filter(({ Status: each }) => each === "critical");
  if (ChecksCritical > 0) {
    const isMaintenance = critical.length > 0 && critical.every((check) => statusOf(check) === "maintenance");
    return isMaintenance ? "maintenance" : "critical";
  }
  return ChecksWarning > 0 ? "warning" : "passing";
}

/** Returns when the first of some checks got its status; undefined if one had it before the agent's start, or none is known. */
export function sinceOf(checks: readonly Pick<Check, "Since">[]): number | undefined {
  const times = checks.map(({ Since }) => (Since === undefined ? -Infinity : Date.parse(Since)));
  const first = Math.min(...times);
  return Number.isFinite(first) ? first : undefined;
}

/** Failing checks by the service they are of, and those of nodes by the node. */
interface ByPlace {
  readonly services: ReadonlyMap<string, readonly Check[]>;
  readonly nodes: ReadonlyMap<string, readonly Check[]>;
}

function byPlace(checks: readonly Check[]): ByPlace {
  return {
    services: Map.groupBy(
      checks.filter(({ ServiceName }) => ServiceName !== ""),
      ({ ServiceName }) => ServiceName,
    ),
    nodes: Map.groupBy(
      checks.filter(({ ServiceName }) => ServiceName === ""),
      ({ Node }) => Node,
    ),
  };
}

/** Returns the failing checks that decide a service's status: its own, and those of its nodes. */
function checksOf({ Name, Nodes }: ServiceSummary, { services, nodes }: ByPlace): readonly Check[] {
  return [...(services.get(Name) ?? []), ...[...new Set(Nodes)].flatMap((node) => nodes.get(node) ?? [])];
}

/** Returns the first line of a check's output, or of its notes if there is no output. */
function firstLine({ Name, Output, Notes }: Check): string {
  const text = Output.trim() === "" ? Notes : Output;
  const line = text.trim().split("\n")[0] ?? "";
  return line === "" ? Name : line;
}

function passingOf({ Nodes, InstanceCount }: ServiceSummary, checks: readonly Check[]): number {
  const critical = checks.filter(({ Status: status }) => status === "critical");
  const failingNodes = new Set(critical.filter(({ ServiceName }) => ServiceName === "").map(({ Node }) => Node));
  const onFailingNodes = Nodes.filter((node) => failingNodes.has(node)).length;
  const failing = new Set(
    critical
      .filter(({ Node, ServiceName }) => ServiceName !== "" && !failingNodes.has(Node))
      .map(({ Node, ServiceID }) => `${Node}/${ServiceID}`),
  );
  return Math.max(0, InstanceCount - onFailingNodes - failing.size);
}
