import { OperatingError } from "../lib/errors.ts";
import { portRecordFolder } from "../model/port-record.ts";
import { type HttpAnswer, textOf } from "./http.ts";
import { fieldsOf } from "./json-object.ts";

/** The registry has given a service another port, because somebody else has the one it asked for. */
export interface PortChange {
  /** Of this change; with `revision` it names what was told. */
  readonly id: string;
  readonly revision: number;
  readonly oldPort: number;
  readonly newPort: number;
  /** Who has the old port, and why there is a new one: for people. Not known from the answer to a registration. */
  readonly owner?: string;
  readonly reason?: string;
}

/** Where the registry keeps what it decided about a service's port. */
export function portRecordKey(serviceKey: string): string {
  return `${portRecordFolder}${serviceKey}`;
}

/**
 * The change that waits for the service to make it; undefined when the record is of one that is over, or only noted.
 * @throws OperatingError invalid when it is no record
 */
export function decodePortRecord(text: string): PortChange | undefined {
  const fields = fieldsOf(parse(text));
  const { owner, reason, state } = fields;
  if (typeof state === "string" && state !== "pending") return undefined;
  const change = changeFrom(fields);
  if (state !== "pending" || change === undefined) throw invalidRecord(text);
  return { ...change, ...(typeof owner === "string" && { owner }), ...(typeof reason === "string" && { reason }) };
}

/** What the answer to a registration says of the service's port: Consul's own is empty. */
export function decodePortChanged(answer: HttpAnswer): PortChange | undefined {
  const { PortChanged: told } = fieldsOf(parse(textOf(answer)));
  const { ID: id, Revision: revision, Old: oldPort, New: newPort } = fieldsOf(told);
  return changeFrom({ id, revision, oldPort, newPort });
}

function changeFrom({ id, revision, oldPort, newPort }: Readonly<Record<string, unknown>>): PortChange | undefined {
  if (typeof id !== "string" || typeof revision !== "number" || typeof oldPort !== "number") return undefined;
  return isPort(newPort) ? { id, revision, oldPort, newPort } : undefined;
}

function isPort(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

/** undefined when it is not JSON. */
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
