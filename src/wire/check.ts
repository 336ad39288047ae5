import { formatDuration } from "../lib/duration.ts";
import type { Check, CheckRow, CheckRowDefinition } from "../model/check.ts";
import { goMap } from "./go-json.ts";

/**
 * Encodes a check as every endpoint shows it. The output is a parameter because the agent keeps the output of its own
 * checks in memory and not in the catalog.
 */
export function encodeCheck(check: CheckRow | Check, output: string): object {
  return {
    Node: check.node,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: output,
    ServiceID: check.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags,
    Type: check.type,
    Definition: encodeDefinition(check.definition),
    // Consul: agent/checks shows both indexes as 0.
    CreateIndex: "createIndex" in check ? check.createIndex : 0,
    ModifyIndex: "modifyIndex" in check ? check.modifyIndex : 0,
  };
}

/** A check with its current output. */
export interface CheckWithOutput {
  readonly check: CheckRow;
  readonly output: string;
  /** When the check got its status, in milliseconds since 1970; undefined to leave that out. */
  readonly sinceMs?: number | undefined;
}

/** Encodes a check with `Since` at its end if that is given. Consul's answers do not have it. */
export function encodeCheckSince({ check, output, sinceMs }: CheckWithOutput): object {
  const row = encodeCheck(check, output);
  return sinceMs === undefined ? row : { ...row, Since: new Date(sinceMs).toISOString() };
}

function encodeDefinition(definition: CheckRowDefinition): object {
  const header = definition.header ?? {};
  return {
    Interval: encodeDuration(definition.intervalMs),
    Timeout: encodeDuration(definition.timeoutMs),
    DeregisterCriticalServiceAfter: encodeDuration(definition.deregisterCriticalServiceAfterMs),
    HTTP: definition.http || undefined,
    TLSSkipVerify: definition.tlsSkipVerify || undefined,
    Header: Object.keys(header).length === 0 ? undefined : goMap(header),
    Method: definition.method || undefined,
    Body: definition.body || undefined,
    TCP: definition.tcp || undefined,
  };
}

function encodeDuration(ms: number | undefined): string | undefined {
  return ms ? formatDuration(ms) : undefined;
}
