import { isDeepStrictEqual } from "node:util";
import type { CheckDefinition, CheckStatus } from "../model/check.ts";
import type { Service } from "../model/service.ts";

/** Where a registration came from: those made by the API are kept over restarts, files are read again. */
export type Source = "api" | "file";

export interface LocalService {
  readonly service: Service;
  readonly source: Source;
  /** It was registered as the sidecar of another service, and is removed with that. */
  readonly isSidecar?: boolean;
}

/** A check as this agent knows it. `status` and `output` are its newest, which the catalog may not have yet. */
export interface LocalCheck {
  readonly definition: CheckDefinition;
  readonly source: Source;
  /** "http", "ttl" ... or "maintenance"; "" for a file's check that stands outside a service. */
  readonly type: string;
  readonly status: CheckStatus;
  readonly output: string;
  /** When it last said something, in milliseconds since 1970; undefined: not since it was registered, or the agent started. */
  readonly saidMs?: number;
  /** Since when it has this status, in milliseconds since 1970; undefined: since before the agent started. Never stored. */
  readonly sinceMs?: number | undefined;
}

/** Rows of one registration, to be saved in one batch. */
export interface SavedRow {
  readonly key: string;
  readonly value: Uint8Array | undefined;
}

const servicePrefix = "service/";
const checkPrefix = "check/";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function saveService(id: string, local: LocalService | undefined): SavedRow {
  return { key: servicePrefix + id, value: local && encode(toRow(local)) };
}

export function saveCheck(id: string, local: LocalCheck | undefined): SavedRow {
  return { key: checkPrefix + id, value: local && encode({ definition: local.definition, type: local.type }) };
}

/** What files define is not kept (a file that is gone must not live on), and neither is what is kept already. */
export function serviceRows(known: LocalService | undefined, local: LocalService): SavedRow[] {
  const { id } = local.service;
  if (local.source === "file") return known?.source === "api" ? [saveService(id, undefined)] : [];
  const same = known?.source === "api" && isDeepStrictEqual(toRow(known), toRow(local));
  return same ? [] : [saveService(id, local)];
}

type ServiceRow = Service & Pick<LocalService, "isSidecar">;

function toRow({ service, isSidecar }: LocalService): ServiceRow {
  return isSidecar ? { ...service, isSidecar } : service;
}

function fromRow({ isSidecar = false, ...service }: ServiceRow): LocalService {
  return { service, source: "api", isSidecar };
}

export function checkRows(known: LocalCheck | undefined, local: LocalCheck): SavedRow[] {
  const { id } = local.definition;
  if (local.source === "file") return known?.source === "api" ? [saveCheck(id, undefined)] : [];
  const same = known?.source === "api" && isDeepStrictEqual(known.definition, local.definition);
  return same ? [] : [saveCheck(id, local)];
}

export interface Restored {
  readonly services: readonly LocalService[];
  readonly checks: readonly { readonly definition: CheckDefinition; readonly type: string }[];
}

/** Reads back what saveService and saveCheck wrote; other rows are left to their owners. */
export function restore(rows: readonly SavedRow[]): Restored {
  const services: LocalService[] = [];
  const checks: { definition: CheckDefinition; type: string }[] = [];
  for (const { key, value } of rows) {
    if (value === undefined) continue;
    // The shapes are ours: only saveService and saveCheck write these keys, and the engine verified their checksums.
    if (key.startsWith(servicePrefix)) services.push(fromRow(decode(value) as ServiceRow));
    if (key.startsWith(checkPrefix)) checks.push(decode(value) as { definition: CheckDefinition; type: string });
  }
  return { services, checks };
}

function encode(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

function decode(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes));
}
