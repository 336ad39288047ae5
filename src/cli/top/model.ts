import { reasonOf } from "../../model/check-reason.ts";
import { checkStatuses } from "../../model/check.ts";
import { type HealthStatus, healthStatusOf, worstOf } from "../../model/health-status.ts";
import { type JsonRow, rowsOf } from "../../client/json-row.ts";

/** The part of the catalog that praetor top shows. */
export interface Model {
  readonly services: readonly ShownService[];
}

export interface ShownService {
  readonly name: string;
  /** The status of the service's worst instance. */
  readonly status: HealthStatus;
  /** When the service got this status, by this machine's clock, in milliseconds since 1970; undefined if unknown. */
  readonly sinceMs: number | undefined;
  readonly instances: readonly ShownInstance[];
}

export interface ShownInstance {
  readonly id: string;
  readonly node: string;
  /** The instance's address and port: "10.0.0.7:48080"; only the address if the port is 0. */
  readonly endpoint: string;
  readonly tags: readonly string[];
  /** The status of the instance's worst check, including the checks of its node. */
  readonly status: HealthStatus;
  /** The instance's checks, and the node's checks that do not pass. */
  readonly checks: readonly ShownCheck[];
}

export interface ShownCheck {
  readonly id: string;
  readonly name: string;
  readonly status: HealthStatus;
  readonly sinceMs: number | undefined;
  /** The check's output, else its notes; "" if it has neither. */
  readonly reason: string;
}

/** A function that returns when a check got its status, in milliseconds since 1970; undefined if unknown. */
export type SinceOf = (check: {
  readonly node: string;
  readonly id: string;
  readonly status: string;
}) => number | undefined;

/** Decodes the answer of /v1/internal/ui/nodes, a list of nodes with their services and checks. */
export function modelFrom(json: unknown, sinceOf: SinceOf = () => undefined): Model {
  const byName = new Map<string, ShownInstance[]>();
  for (const node of rowsOf(json)) {
    const checks = node.rows("Checks").map((check) => ({
      serviceId: check.text("ServiceID"),
      shown: checkFrom(
        check,
        sinceOf({ node: node.text("Node"), id: check.text("CheckID"), status: check.text("Status") }),
      ),
    }));
    for (const service of node.rows("Services")) {
      const name = service.text("Service");
      const instances = byName.get(name) ?? [];
      instances.push(instanceFrom(node, service, checks));
      byName.set(name, instances);
    }
  }
  const services = [...byName].map(([name, instances]) => ({
    name,
    status: worstOf(instances),
    sinceMs: sinceOfAll(instances.flatMap(({ checks }) => checks)),
    instances: instances.toSorted((a, b) => (`${a.node}\0${a.id}` < `${b.node}\0${b.id}` ? -1 : 1)),
  }));
  return { services: services.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

interface NodeCheck {
  /** Id of the check's service; "" for a check of the node. */
  readonly serviceId: string;
  readonly shown: ShownCheck;
}

function instanceFrom(node: JsonRow, service: JsonRow, checks: readonly NodeCheck[]): ShownInstance {
  const id = service.text("ID");
  const shown = checks
    .filter(({ serviceId, shown: { status } }) => serviceId === id || (serviceId === "" && status !== "passing"))
    .map((check) => check.shown);
  const address = service.text("Address") || node.text("Address");
  const host = address.includes(":") ? `[${address}]` : address;
  const port = service.number("Port");
  return {
    id,
    node: node.text("Node"),
    endpoint: port === 0 ? host : `${host}:${port}`,
    tags: service.texts("Tags"),
    status: worstOf(shown),
    checks: shown,
  };
}

function checkFrom(check: JsonRow, sinceMs: number | undefined): ShownCheck {
  const id = check.text("CheckID");
  const status = checkStatuses.find((each) => each === check.text("Status")) ?? "critical";
  return {
    id,
    name: check.text("Name"),
    sinceMs,
    status: healthStatusOf({ id, status }),
    reason: reasonOf({ output: check.text("Output"), notes: check.text("Notes") }),
  };
}

/**
 * Returns when the worst status of the checks began, in milliseconds since 1970: passing when the last check passed, any other
 * status when the first check got that status. Returns undefined if unknown.
 */
function sinceOfAll(checks: readonly ShownCheck[]): number | undefined {
  const status = worstOf(checks);
  const since = checks.filter((check) => check.status === status).map(({ sinceMs }) => sinceMs);
  const known = since.filter((each) => each !== undefined);
  if (known.length === 0) return undefined;
  if (status === "passing") return Math.max(...known);
  return known.length < since.length ? undefined : Math.min(...known);
}
