import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { toCatalogCheck } from "./catalog-check.ts";
import type { LocalCheck, LocalService } from "./registrations.ts";

/** The services and checks that an agent has, in memory, in order of registration. */
export class LocalState {
  readonly #services = new Map<string, LocalService>();
  readonly #checks = new Map<string, LocalCheck>();
  /** The ids of each service's checks ("" for the node's own), so that nothing passes over those of others. */
  readonly #checkIds = new Map<string, Set<string>>();

  /** Called with the id each time a service comes, is replaced or goes. */
  readonly watchers: Set<(serviceId: string) => void> = new Set();

  get services(): ReadonlyMap<string, LocalService> {
    return this.#services;
  }

  get checks(): ReadonlyMap<string, LocalCheck> {
    return this.#checks;
  }

  checksOf(serviceId: string): string[] {
    return [...(this.#checkIds.get(serviceId) ?? [])];
  }

  serviceOf(check: LocalCheck): Service | undefined {
    return this.#services.get(check.definition.serviceId)?.service;
  }

  toCatalogCheck(node: string, check: LocalCheck): Check {
    return toCatalogCheck(node, check, this.serviceOf(check));
  }

  /**
   * The service that a registration of its checks takes along, in case that the catalog has lost it; not one whose tags
   * are others' to set: theirs would be lost.
   */
  serviceAlong([check]: readonly LocalCheck[]): Service | undefined {
    const service = check && this.serviceOf(check);
    return service?.enableTagOverride ? undefined : service;
  }

  setService(local: LocalService): void {
    this.#services.set(local.service.id, local);
    this.#wake(local.service.id);
  }

  deleteService(id: string): void {
    this.#services.delete(id);
    this.#wake(id);
  }

  /** Replaces the check of that id, also that of another service. */
  setCheck(check: LocalCheck): void {
    const { id, serviceId } = check.definition;
    if (this.#checks.get(id)?.definition.serviceId !== serviceId) this.#unlist(id);
    this.#checks.set(id, check);
    const ids = this.#checkIds.get(serviceId);
    if (ids) ids.add(id);
    else this.#checkIds.set(serviceId, new Set([id]));
  }

  deleteCheck(id: string): void {
    this.#unlist(id);
    this.#checks.delete(id);
  }

  #wake(serviceId: string): void {
    for (const look of [...this.watchers]) look(serviceId);
  }

  #unlist(checkId: string): void {
    const serviceId = this.#checks.get(checkId)?.definition.serviceId;
    if (serviceId === undefined) return;
    const ids = this.#checkIds.get(serviceId);
    ids?.delete(checkId);
    if (ids?.size === 0) this.#checkIds.delete(serviceId);
  }
}
