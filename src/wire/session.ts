import { OperatingError } from "../lib/errors.ts";
import { formatDuration } from "../lib/duration.ts";
import {
  lockDelayMsDefault,
  sessionBehaviors,
  sessionTtlMs,
  sessionTtlMsMax,
  type Session,
  type SessionBehavior,
  type SessionRow,
  type SessionServiceCheck,
} from "../model/session.ts";
import { durationField } from "./json-duration.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";

/** Encodes a session as every endpoint shows it. */
export function encodeSession(row: SessionRow): object {
  return {
    ID: row.id,
    Name: row.name,
    Node: row.node,
    LockDelay: Math.round(row.lockDelayMs * nsPerMs),
    Behavior: row.behavior,
    TTL: row.ttl,
    NodeChecks: row.nodeChecks,
    ServiceChecks: row.serviceChecks?.map(({ id, namespace }) => ({ ID: id, Namespace: namespace })) ?? null,
    Checks: row.checks.length === 0 ? undefined : row.checks,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

export interface SessionDefaults {
  readonly id: string;
  readonly node: string;
  /** The shortest TTL allowed, in milliseconds. */
  readonly ttlMsMin: number;
}

/**
 * Decodes the body of session/create; `json` is null if the request has no body. Consul: unknown fields are ignored.
 * @throws OperatingError invalid, with the text of the HTTP response: code "decode", or "session-validation" for a body that
 * Consul refuses with status 500
 */
export function decodeSession(json: unknown, defaults: SessionDefaults): Session {
  const fields = new JsonFields(json, { names, source: "api", where: "", ignoreUnknown: true });
  // Consul accepts an id and ignores it.
  fields.string("ID");
  const session: Session = {
    id: defaults.id,
    name: fields.string("Name"),
    node: fields.has("Node") ? fields.string("Node") : defaults.node,
    lockDelayMs: lockDelay(fields),
    behavior: "release",
    ttl: fields.string("TTL"),
    ...decodeChecks(fields, json),
    serviceChecks: fields.has("ServiceChecks") ? serviceChecks(fields) : null,
  };
  const behavior = fields.string("Behavior", "structs.SessionBehavior") || "release";
  if (session.node === "") throw refused("Must provide Node");
  if (!isBehavior(behavior)) throw refused(`Invalid Behavior setting '${behavior}'`);
  validateTtl(session, defaults.ttlMsMin);
  return { ...session, behavior };
}

const names = fieldNames([
  "ID",
  "Name",
  "Node",
  "LockDelay",
  "Behavior",
  "TTL",
  "Checks",
  "NodeChecks",
  "ServiceChecks",
]);
const serviceCheckNames = fieldNames(["ID", "Namespace"]);
const nsPerMs = 1e6;
const serfHealth = "serfHealth";

/**
 * Decodes the lock delay into milliseconds. Consul: a value below 1,000 ns, even if written as a duration, is a number of
 * seconds.
 */
function lockDelay(fields: JsonFields): number {
  if (!fields.has("LockDelay")) return lockDelayMsDefault;
  const ms = durationField(fields, "LockDelay", "api");
  return ms * nsPerMs < 1000 ? ms * nsPerMs * 1000 : ms;
}

/**
 * Decodes the checks on which a session depends. Consul: the default is serfHealth. If `Checks` or `NodeChecks` is empty or
 * null, the session depends on no check of its node. A `Checks` that lists only serfHealth is not stored.
 */
function decodeChecks(fields: JsonFields, json: unknown): Pick<Session, "checks" | "nodeChecks"> {
  const checks = isNull(json, "Checks") ? [] : fields.has("Checks") ? fields.stringList("Checks") : [serfHealth];
  const nodeChecks = fields.has("NodeChecks") ? fields.stringList("NodeChecks") : [serfHealth];
  if (isNull(json, "NodeChecks")) return { checks: [], nodeChecks: null };
  if (checks.length === 0 || nodeChecks.length === 0) return { checks: [], nodeChecks: [] };
  return { checks: checks.length === 1 && checks[0] === serfHealth ? [] : checks, nodeChecks };
}

function serviceChecks(fields: JsonFields): SessionServiceCheck[] {
  return fields.list("ServiceChecks", "[]structs.ServiceCheck").map((item) => {
    if (typeof item !== "object" || Array.isArray(item))
      throw fields.mismatch("ServiceChecks", item, "structs.ServiceCheck");
    const check = new JsonFields(item, { names: serviceCheckNames, source: "api", where: "", ignoreUnknown: true });
    return { id: check.string("ID"), namespace: check.string("Namespace") };
  });
}

function isNull(json: unknown, field: string): boolean {
  if (typeof json !== "object" || json === null) return false;
  return Object.entries(json).some(([name, value]) => value === null && name.toLowerCase() === field.toLowerCase());
}

function isBehavior(text: string): text is SessionBehavior {
  return sessionBehaviors.some((behavior) => behavior === text);
}

/** Validates the session's TTL. Consul: a TTL of zero means no TTL. */
function validateTtl(session: Session, ttlMsMin: number): void {
  const ms = ttlOf(session);
  if (ms === 0 || (ms >= ttlMsMin && ms <= sessionTtlMsMax)) return;
  const bounds = `[${formatDuration(ttlMsMin)}=${formatDuration(sessionTtlMsMax)}]`;
  throw refused(`Invalid Session TTL '${Math.round(ms * nsPerMs)}', must be between ${bounds}`);
}

function ttlOf(session: Session): number {
  try {
    return sessionTtlMs(session);
  } catch (cause) {
    if (!(cause instanceof OperatingError)) throw cause;
    throw refused(`Session TTL '${session.ttl}' invalid: ${cause.message}`);
  }
}

function refused(what: string): OperatingError {
  return new OperatingError("invalid", "session-validation", what);
}
