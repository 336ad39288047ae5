import { isMaintenanceId, reasonOf } from "../../model/check-reason.ts";
import { type JsonRow, rowsOf } from "../json.ts";

export type Status = "passing" | "warning" | "critical" | "maintenance";

/** What top shows of a catalog. */
export interface Model {
  readonly services: readonly ShownService[];
}

export interface ShownService {
  readonly name: string;
  /** Of its worst instance. */
  readonly status: Status;
  /** Since when, by this machine's clock; undefined if that is not known. */
  readonly sinceMs: number | undefined;
  readonly instances: readonly ShownInstance[];
}

export interface ShownInstance {
  readonly id: string;
  readonly node: string;
  /** "10.0.0.7:48080" */
  readonly endpoint: string;
  readonly tags: readonly string[];
  /** Of its worst check, its node's among them. */
  readonly status: Status;
  /** Its own, and those of its node that do not pass. */
  readonly checks: readonly ShownCheck[];
}

export interface ShownCheck {
  readonly id: string;
  readonly name: string;
  readonly status: Status;
  readonly sinceMs: number | undefined;
  /** "" until it has said something. */
  readonly reason: string;
}

/** From worst to best. */
export const statuses: readonly Status[] = ["critical", "maintenance", "warning", "passing"];

/** Since when a check of a node has its status, in milliseconds since 1970; undefined if that is not known. */
export type SinceOf = (check: {
  readonly node: string;
  readonly id: string;
  readonly status: string;
}) => number | undefined;

/** What /v1/internal/ui/nodes answers: nodes with their services and checks. */
export function modelFrom(json: unknown, sinceOf: SinceOf = () => undefined): Model {
  const byName = new Map<string, ShownInstance[]>();
  for (const node of rowsOf(json)) {
    const checks = node.rows("Checks").map((check) => ({
      ofService: check.text("ServiceID"),
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
    status: worst(instances),
    sinceMs: sinceOfAll(instances.flatMap(({ checks }) => checks)),
    instances: instances.toSorted((a, b) => (`${a.node}\0${a.id}` < `${b.node}\0${b.id}` ? -1 : 1)),
  }));
  return { services: services.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

interface NodeCheck {
  /** Its id; "" for a check of the node. */
  readonly ofService: string;
  readonly shown: ShownCheck;
}

function instanceFrom(node: JsonRow, service: JsonRow, checks: readonly NodeCheck[]): ShownInstance {
  const id = service.text("ID");
  const shown = checks
    .filter(({ ofService, shown: { status } }) => ofService === id || (ofService === "" && status !== "passing"))
    .map((check) => check.shown);
  const address = service.text("Address") || node.text("Address");
  const host = address.includes(":") ? `[${address}]` : address;
  const port = service.number("Port");
  return {
    id,
    node: node.text("Node"),
    endpoint: port === 0 ? host : `${host}:${port}`,
    tags: service.texts("Tags"),
    status: worst(shown),
    checks: shown,
  };
}

function checkFrom(check: JsonRow, sinceMs: number | undefined): ShownCheck {
  const id = check.text("CheckID");
  const told = statuses.find((status) => status === check.text("Status")) ?? "critical";
  return {
    id,
    name: check.text("Name"),
    sinceMs,
    status: isMaintenanceId(id) ? "maintenance" : told,
    reason: reasonOf({ output: check.text("Output"), notes: check.text("Notes") }),
  };
}

/** Without any, all is well. */
function worst(items: readonly { readonly status: Status }[]): Status {
  return statuses.find((status) => items.some((item) => item.status === status)) ?? "passing";
}

/** Passing since the last of them is, else since the first of the worst. */
function sinceOfAll(checks: readonly ShownCheck[]): number | undefined {
  const status = worst(checks);
  const since = checks.filter((check) => check.status === status).map(({ sinceMs }) => sinceMs);
  const known = since.filter((each) => each !== undefined);
  if (known.length === 0) return undefined;
  if (status === "passing") return Math.max(...known);
  return known.length < since.length ? undefined : Math.min(...known);
}
