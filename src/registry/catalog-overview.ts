import type { CheckRow } from "../model/check.ts";
import { type HealthStatus, healthStatuses, healthStatusOf } from "../model/health-status.ts";
import { getService, servicesOfNode } from "../state/lookup.ts";
import type { State } from "../state/state.ts";
import { fold, topics } from "../state/topics.ts";
import type { Query } from "./query.ts";

/** The numbers of services, instances and nodes, and the services that do not pass. */
export interface CatalogOverview {
  readonly nodes: number;
  readonly instances: number;
  /** The number of services by the status of their worst instance. */
  readonly services: Readonly<Record<HealthStatus, number>>;
  /** The services that do not pass, worst first, then by name. */
  readonly failing: readonly FailingService[];
}

export interface FailingService {
  readonly name: string;
  readonly status: HealthStatus;
  /** The number of instances that do not pass. */
  readonly failingInstances: number;
  /** The worst check, which explains the status. */
  readonly check: CheckRow;
}

/** Returns the query of the overview. It looks at the instances and at the checks that do not pass, which are few. */
export function catalogOverview(): Query<CatalogOverview> {
  return {
    topics: [topics.nodes, topics.services, topics.checks],
    read(state) {
      const failing = failingServices(state);
      const [names, instances] = countServices(state);
      const inStatus = (status: HealthStatus): number => failing.filter((each) => each.status === status).length;
      return {
        nodes: state.nodes.size,
        instances,
        services: {
          ...{ critical: inStatus("critical"), maintenance: inStatus("maintenance"), warning: inStatus("warning") },
          passing: names - failing.length,
        },
        failing,
      };
    },
  };
}

/** Returns the query for the names of up to `max` services: first those that do not pass, worst first, then the others by name. */
export function worstServices(max: number): Query<readonly string[]> {
  return {
    topics: [topics.nodes, topics.services, topics.checks],
    read(state) {
      const names = new Map(failingServices(state).map(({ name }) => [fold(name), name]));
      for (const { name } of state.serviceInstances.values()) {
        if (names.size >= max) break;
        if (!names.has(fold(name))) names.set(fold(name), name);
      }
      return [...names.values()].slice(0, max);
    },
  };
}

/** Returns the numbers of names of services, and of instances. Consul: names that differ only in case are one service. */
function countServices(state: State): readonly [names: number, instances: number] {
  let [names, instances, last] = [0, 0, ""];
  for (const { name } of state.serviceInstances.values()) {
    const folded = fold(name);
    if (instances === 0 || folded !== last) names += 1;
    instances += 1;
    last = folded;
  }
  return [names, instances];
}

interface Found {
  readonly name: string;
  status: HealthStatus;
  check: CheckRow;
  readonly instances: Set<string>;
}

function failingServices(state: State): readonly FailingService[] {
  const byName = new Map<string, Found>();
  for (const check of state.failingChecks.values()) {
    const status = healthStatusOf(check);
    for (const { name, node, id } of affectedBy(check, state)) {
      const found = byName.get(fold(name)) ?? { name, status, check, instances: new Set() };
      byName.set(fold(name), found);
      found.instances.add(JSON.stringify([node, id]));
      if (rank(status) < rank(found.status)) Object.assign(found, { status, check });
    }
  }
  return [...byName.values()]
    .map(({ name, status, check, instances }) => ({ name, status, check, failingInstances: instances.size }))
    .toSorted((a, b) => rank(a.status) - rank(b.status) || (a.name < b.name ? -1 : 1));
}

/** Returns the instances whose health the check decides: a check of a node decides that of all services on the node. */
function affectedBy({ node, serviceId }: CheckRow, state: State): readonly Instance[] {
  if (serviceId === "") return servicesOfNode(state, node);
  const service = getService(state, node, serviceId);
  return service ? [service] : [];
}

interface Instance {
  readonly name: string;
  readonly node: string;
  readonly id: string;
}

function rank(status: HealthStatus): number {
  return healthStatuses.indexOf(status);
}
