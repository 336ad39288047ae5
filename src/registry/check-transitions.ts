import type { Rights } from "../acl/rights.ts";
import type { Clock } from "../lib/clock.ts";
import type { CheckRow, CheckStatus } from "../model/check.ts";
import { isMaintenanceId, reasonOf } from "../model/check-reason.ts";
import { checksOfService, getNode, getService, instancesOfService } from "../state/lookup.ts";
import { rowKey } from "../state/row-key.ts";
import { checks as checkTable } from "../state/tables/check.ts";
import { fold, nodeOfChecksTopic, serviceOfChecksTopic, topics, type Topic } from "../state/topics.ts";
import type { CheckOutputs } from "./check-outputs.ts";
import type { Registry } from "./registry.ts";

/** A change of a check's status. The check of a maintenance counts as passing before it is there, and after it was removed. */
export interface CheckTransition {
  /** Counts the transitions since the agent's start, from 1. */
  readonly number: number;
  /** The check, as it was after the change. */
  readonly check: CheckRow;
  readonly from: CheckStatus;
  /** The wall time of the change on this server, in milliseconds since 1970. */
  readonly atMs: number;
  /** The beginning of the check's reason for its new status. */
  readonly reason: string;
}

interface Seen {
  readonly check: CheckRow;
  /** Undefined for a status that the check had when the agent started. */
  readonly sinceMs: number | undefined;
}

const transitionsMax = 4_096;
/** Maximum length of a kept reason in characters: 4,096 reasons of this length take about 1 MiB. */
const reasonLengthMax = 256;

/**
 * The newest transitions of the catalog's checks, and since when each check has its status. Both are in memory only, and begin anew
 * with each start of the agent: flash memory is not worn for them.
 *
 * A commit names the services and nodes whose checks it has touched, so only their checks are compared.
 */
export class CheckTransitions {
  readonly #store: Registry;
  readonly #outputs: CheckOutputs;
  readonly #clock: Clock;
  /** The checks as they were last, in groups: the checks of all instances of one service, or of one node without its services. */
  readonly #seen = new Map<Topic, ReadonlyMap<string, Seen>>();
  readonly #newest: CheckTransition[] = [];
  #count = 0;

  constructor(store: Registry, { outputs, clock }: { readonly outputs: CheckOutputs; readonly clock: Clock }) {
    this.#store = store;
    this.#outputs = outputs;
    this.#clock = clock;
    for (const check of store.state.checks.values()) {
      const group = groupOf(check);
      if (!this.#seen.has(group)) this.#compare(group, undefined);
    }
    store.follow((touched) => this.#follow(touched));
  }

  /** The number of the newest transition; 0 if there was none. */
  get count(): number {
    return this.#count;
  }

  /**
   * Returns the kept transitions after the one with this number, oldest first, of the checks that a caller with these rights may read.
   * @param service only those of this service's checks; undefined for all
   */
  after(number: number, rights: Rights, service?: string): readonly CheckTransition[] {
    const dropped = this.#count - this.#newest.length;
    const name = service === undefined ? undefined : fold(service);
    return this.#newest
      .slice(Math.max(0, number - dropped))
      .filter(
        ({ check }) => (name === undefined || fold(check.serviceName) === name) && checkTable.mayRead(check, rights),
      );
  }

  /** Returns when a check got its present status, in milliseconds since 1970; undefined if that was before the agent's start. */
  sinceMs(check: CheckRow): number | undefined {
    return this.#seen.get(groupOf(check))?.get(rowKey(check.node, check.id))?.sinceMs;
  }

  #follow(touched: ReadonlySet<Topic>): void {
    if (!touched.has(topics.checks) && !touched.has(topics.everything)) return;
    const nowMs = this.#clock.wallMs();
    const groups = touched.has(topics.everything) ? this.#allGroups() : touched;
    for (const group of groups) this.#compare(group, nowMs);
  }

  #allGroups(): ReadonlySet<Topic> {
    const groups = new Set(this.#seen.keys());
    for (const check of this.#store.state.checks.values()) groups.add(groupOf(check));
    return groups;
  }

  /** @param nowMs undefined at the agent's start, when each status is older */
  #compare(group: Topic, nowMs: number | undefined): void {
    const checks = this.#checksIn(group);
    if (checks === undefined) return;
    const before = this.#seen.get(group);
    const now = new Map<string, Seen>();
    for (const check of checks) {
      const key = rowKey(check.node, check.id);
      const known = before?.get(key);
      now.set(key, { check, sinceMs: known?.check.status === check.status ? known.sinceMs : nowMs });
      const from = known?.check.status ?? (isMaintenanceId(check.id) ? "passing" : check.status);
      if (nowMs !== undefined && from !== check.status) this.#add(check, from, nowMs);
    }
    for (const [key, { check }] of before ?? [])
      if (nowMs !== undefined && !now.has(key) && this.#hasEndedMaintenance(check))
        this.#add({ ...check, status: "passing" }, check.status, nowMs);
    if (now.size === 0) this.#seen.delete(group);
    else this.#seen.set(group, now);
  }

  /** Returns whether a removed check is that of a maintenance whose service or node is still there. */
  #hasEndedMaintenance({ id, node, serviceId }: CheckRow): boolean {
    if (!isMaintenanceId(id)) return false;
    const { state } = this.#store;
    return (serviceId === "" ? getNode(state, node) : getService(state, node, serviceId)) !== undefined;
  }

  /** Returns the present checks of a group; undefined for any other topic. */
  #checksIn(topic: Topic): readonly CheckRow[] | undefined {
    const { state } = this.#store;
    const service = serviceOfChecksTopic(topic);
    if (service !== undefined)
      return instancesOfService(state, service).flatMap(({ node, id }) => checksOfService(state, node, id));
    const node = nodeOfChecksTopic(topic);
    return node === undefined ? undefined : checksOfService(state, node, "");
  }

  #add(check: CheckRow, from: CheckStatus, atMs: number): void {
    this.#count += 1;
    const reason = reasonOf({ output: this.#outputs.outputOf(check), notes: check.notes }).slice(0, reasonLengthMax);
    this.#newest.push({ number: this.#count, check, from, atMs, reason });
    if (this.#newest.length > transitionsMax) this.#newest.shift();
  }
}

function groupOf({ node, serviceId, serviceName }: CheckRow): Topic {
  return serviceId === "" ? topics.nodeChecks(node) : topics.serviceChecks(serviceName);
}
