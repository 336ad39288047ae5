import { OperatingError } from "../lib/errors.ts";
import { portRecordFolder } from "../model/port-record.ts";
import { type HttpAnswer, textOf } from "./http.ts";
import { fieldsOf } from "./json-object.ts";

/** The registry's assignment of another port to a service, because the port that it registered has another owner. */
export interface PortChange {
  /** The record's id, which identifies the change together with `revision`. */
  readonly id: string;
  readonly revision: number;
  readonly oldPort: number;
  readonly newPort: number;
  /** The service that owns the old port. The answer to a registration has neither owner nor reason. */
  readonly owner?: string;
  readonly reason?: string;
}

/** Returns the key of a service's port record. */
export function portRecordKey(serviceKey: string): string {
  return `${portRecordFolder}${serviceKey}`;
}

/**
 * Decodes a port record. Returns undefined if the record does not ask the service to change its port.
 * @throws OperatingError invalid if the text is not a port record
 */
export function decodePortRecord(text: string): PortChange | undefined {
  const fields = fieldsOf(parse(text));
  const { owner, reason, state } = fields;
  if (typeof state === "string" && state !== "pending") return undefined;
  const change = changeFrom(fields);
  if (state !== "pending" || change === undefined) throw invalidRecord(text);
  return { ...change, ...(typeof owner === "string" && { owner }), ...(typeof reason === "string" && { reason }) };
}

/** Decodes the port change in the answer to a registration; undefined without one, as in Consul's empty answer. */
export function decodePortChanged(answer: HttpAnswer): PortChange | undefined {
  const { PortChanged: change } = fieldsOf(parse(textOf(answer)));
  const { ID: id, Revision: revision, Old: oldPort, New: newPort } = fieldsOf(change);
  return changeFrom({ id, revision, oldPort, newPort });
}

function changeFrom({ id, revision, oldPort, newPort }: Readonly<Record<string, unknown>>): PortChange | undefined {
  if (typeof id !== "string" || typeof revision !== "number" || typeof oldPort !== "number") return undefined;
  return isPort(newPort) ? { id, revision, oldPort, newPort } : undefined;
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** Parses JSON; returns undefined for other text. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalidRecord(text: string): OperatingError {
  const message = `the record of the service's port cannot be read, it is left alone: ${text.slice(0, 200)}`;
  return new OperatingError("invalid", "invalid-port-record", message);
}
