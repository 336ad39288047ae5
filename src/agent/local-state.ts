import { isDeepStrictEqual } from "node:util";
import type { Check, CheckDefinition, CheckStatus } from "../model/check.ts";
import type { Service } from "../model/service.ts";

/*
 * A service or check has three forms here: the local state in memory, with its source (API or file) and the check's result;
 * the agent's own row on the disk, from which the next start restores it; and the catalog's row, without the definition.
 */

/** The source of a registration. The agent stores registrations of the API; it reads files again at each start. */
export type Source = "api" | "file";

export interface LocalService {
  readonly service: Service;
  readonly source: Source;
  /** Whether the service was registered as another service's sidecar. The agent deregisters it together with that service. */
  readonly isSidecar?: boolean;
  /** The secret with which the catalog gets the service; undefined for that of the agent's default token. */
  readonly token?: string | undefined;
}

/** A check in the local state. `status` and `output` are the newest; the catalog may not have them yet. */
export interface LocalCheck {
  readonly definition: CheckDefinition;
  readonly source: Source;
  /** Consul's Type: "http", "ttl" and so on, or a FixedCheckType; "" for a check that a file defines outside a service. */
  readonly type: string;
  /** The secret with which the catalog gets the check; undefined for that of the agent's default token. */
  readonly token?: string | undefined;
  readonly status: CheckStatus;
  readonly output: string;
  /** Time of the last result, in milliseconds since 1970; undefined: no result since the registration or the start. */
  readonly saidMs?: number;
  /** Time of the last change of status, in milliseconds since 1970; undefined: before the agent started. Never stored. */
  readonly sinceMs?: number | undefined;
}

/** Types of checks that do not run: they are critical for as long as they are registered. */
const fixedCheckTypes = ["maintenance", "port-conflict"] as const;
export type FixedCheckType = (typeof fixedCheckTypes)[number];

export function isFixedType(type: string): boolean {
  return fixedCheckTypes.some((each) => each === type);
}

/** Returns the definition of a check that does not run. */
export function fixedCheck(check: Pick<CheckDefinition, "id" | "name" | "serviceId" | "notes">): CheckDefinition {
  return {
    ...check,
    initialStatus: "critical",
    // The type requires a method, but a check of a FixedCheckType is never started.
    method: { kind: "ttl", ttlMs: 0 },
    successBeforePassing: 0,
    failuresBeforeCritical: 0,
    deregisterCriticalServiceAfterMs: 0,
    outputBytesMax: 0,
  };
}

/**
 * Returns a check as the catalog stores it, without its output and definition.
 */
export function toCatalogCheck(node: string, check: LocalCheck, service: Service | undefined): Check {
  return {
    node,
    id: check.definition.id,
    name: check.definition.name,
    status: check.status,
    notes: check.definition.notes,
    output: "",
    serviceId: check.definition.serviceId,
    serviceName: service?.name ?? "",
    serviceTags: service?.tags ?? [],
    type: check.type,
    definition: {},
  };
}

/** The services and checks registered with an agent, in memory, in order of registration. */
export class LocalState {
  readonly #services = new Map<string, LocalService>();
  readonly #checks = new Map<string, LocalCheck>();
  /** The ids of each service's checks, by service id; under "", the ids of the node's checks. */
  readonly #checkIds = new Map<string, Set<string>>();

  /** Callbacks that get the service's id each time a service is added, replaced or removed. */
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
   * Returns the service to register together with its check, in case the catalog has lost the service. Returns undefined for a
   * service with EnableTagOverride, since registering it would overwrite the tags that other programs have set.
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

  /** Adds a check, or replaces the check of the same id, even if that one belonged to another service. */
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
    for (const watcher of [...this.watchers]) watcher(serviceId);
  }

  #unlist(checkId: string): void {
    const serviceId = this.#checks.get(checkId)?.definition.serviceId;
    if (serviceId === undefined) return;
    const ids = this.#checkIds.get(serviceId);
    ids?.delete(checkId);
    if (ids?.size === 0) this.#checkIds.delete(serviceId);
  }
}

/** A row that the agent keeps for itself, besides the rows of the catalog; the value undefined deletes the row. */
export interface SavedRow {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const servicePrefix = "service/";
const checkPrefix = "check/";

/** Returns the agent's row of a service; if `local` is undefined, the deletion of that row. */
export function saveService(id: string, local: LocalService | undefined): SavedRow {
  return { key: servicePrefix + id, value: local && encode(toRow(local)) };
}

/** Returns the agent's row of a check; if `local` is undefined, the deletion of that row. */
export function saveCheck(id: string, local: LocalCheck | undefined): SavedRow {
  return { key: checkPrefix + id, value: local && encode(toCheckRow(local)) };
}

/**
 * Returns the agent's rows to write when `local` replaces `known`: none if the row is unchanged. A registration from a file has
 * no row, since the next start reads the file again. If it replaces a registration from the API, the returned row deletes the
 * stored one.
 */
export function serviceRows(known: LocalService | undefined, local: LocalService): SavedRow[] {
  const { id } = local.service;
  if (local.source === "file") return known?.source === "api" ? [saveService(id, undefined)] : [];
  const same = known?.source === "api" && isDeepStrictEqual(toRow(known), toRow(local));
  return same ? [] : [saveService(id, local)];
}

/** Returns the agent's rows to write when the check `local` replaces `known`, by the rules of serviceRows. */
export function checkRows(known: LocalCheck | undefined, local: LocalCheck): SavedRow[] {
  const { id } = local.definition;
  if (local.source === "file") return known?.source === "api" ? [saveCheck(id, undefined)] : [];
  const same = known?.source === "api" && isDeepStrictEqual(toCheckRow(known), toCheckRow(local));
  return same ? [] : [saveCheck(id, local)];
}

type StoredService = Service & Pick<LocalService, "isSidecar" | "token">;
type StoredCheck = Pick<LocalCheck, "definition" | "type" | "token">;

function toRow({ service, isSidecar, token }: LocalService): StoredService {
  return { ...service, ...(isSidecar && { isSidecar }), ...(token !== undefined && { token }) };
}

function toCheckRow({ definition, type, token }: LocalCheck): StoredCheck {
  return { definition, type, ...(token !== undefined && { token }) };
}

/** Decodes the rows that saveService and saveCheck return; ignores other rows. */
export function decodeRows(rows: readonly SavedRow[]): {
  readonly services: readonly LocalService[];
  readonly checks: readonly StoredCheck[];
} {
  const services: LocalService[] = [];
  const checks: StoredCheck[] = [];
  for (const { key, value } of rows) {
    if (value === undefined) continue;
    if (key.startsWith(servicePrefix)) services.push(decodeService(value));
    if (key.startsWith(checkPrefix)) checks.push(decodeCheck(value));
  }
  return { services, checks };
}

function encode(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

function decodeService(bytes: Uint8Array): LocalService {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only saveService writes these rows; the engine has verified them
  const { isSidecar = false, token, ...service } = JSON.parse(decoder.decode(bytes)) as StoredService;
  return { service, source: "api", isSidecar, token };
}

function decodeCheck(bytes: Uint8Array): StoredCheck {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only saveCheck writes these rows; the engine has verified them
  return JSON.parse(decoder.decode(bytes)) as StoredCheck;
}
