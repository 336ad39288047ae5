import { formatDuration } from "../lib/duration.ts";
import { OperatingError } from "../lib/errors.ts";
import { type CheckDefinition, type CheckMethod, type CheckStatus, checkStatuses } from "../model/check.ts";
import { type CheckFields, decodeCheckFields } from "./check-fields.ts";
import { goMap } from "./go-json.ts";
import type { WireSource } from "./json-fields.ts";

export interface CheckDecodeOptions {
  readonly source: WireSource;
  /** Maximum number of bytes that the agent keeps of a check's output; a definition may only lower this limit. */
  readonly outputBytesMax?: number;
  /** Called with a message for a fault that the decoder can safely correct. Without this callback, the fault is an error. */
  readonly warn?: (message: string) => void;
}

/** Consul's default for the maximum number of bytes that the agent keeps of a check's output. */
const outputBytesDefault = 4096;
/** Consul's shortest time between two runs of a check, in milliseconds. */
const intervalMsMin = 1_000;
/** Default timeouts of one run of a check, in milliseconds: of a check over the network, and of a script. */
const networkTimeoutMs = 10_000;
const scriptTimeoutMs = 30_000;
/** Consul's shortest time, in milliseconds, that a service must be critical before the agent deregisters it. */
const deregisterMsMin = 60_000;

/**
 * Decodes the body of agent/check/register, or `check` of a configuration file, and fills in the defaults.
 * @throws OperatingError invalid, code "decode" (malformed) or "validation" (well-formed but not allowed); for the API
 * the message is the text of the HTTP response
 */
export function decodeCheckDefinition(json: unknown, options: CheckDecodeOptions): CheckDefinition {
  const check = decodeCheckFields(json, options.source, "standalone");
  const id = check.id || check.name;
  // Consul: a check in a file may have an id and no name.
  if (id === "" || (check.name === "" && options.source === "api")) throw invalid("Missing check name");
  validateCheckMethod(check);
  const initialStatus = decodeInitialStatus(check.status, "Bad check status", options);
  const definition = defineCheck(check, { id, name: check.name, serviceId: check.serviceId, initialStatus }, options);
  return check.token === "" ? definition : { ...definition, token: check.token };
}

/** The fields of a check that its service determines when the check is inside a service definition. */
export type CheckIdentity = Pick<CheckDefinition, "id" | "name" | "serviceId" | "initialStatus">;

/** Returns the definition of a check whose fields are valid, with the defaults filled in. */
export function defineCheck(check: CheckFields, identity: CheckIdentity, options: CheckDecodeOptions): CheckDefinition {
  const outputBytesMax = options.outputBytesMax ?? outputBytesDefault;
  const deregisterMs = check.deregisterCriticalServiceAfterMs;
  return {
    ...identity,
    notes: check.notes,
    method: checkMethod(check),
    successBeforePassing: Math.max(check.successBeforePassing, 0),
    failuresBeforeCritical: Math.max(check.failuresBeforeCritical, 0),
    deregisterCriticalServiceAfterMs: deregisterMs > 0 ? Math.max(deregisterMs, deregisterMsMin) : 0,
    outputBytesMax: check.outputMaxSize > 0 ? Math.min(check.outputMaxSize, outputBytesMax) : outputBytesMax,
  };
}

/** Validates the fields of a check's method. @throws OperatingError invalid, code "validation" */
export function validateCheckMethod(check: CheckFields): void {
  const isAlias = check.aliasNode !== "" || check.aliasService !== "";
  const isRepeated = check.scriptArgs.length > 0 || [check.http, check.tcp, check.grpc].some((target) => target !== "");
  const refuse = (why: string): never => {
    throw invalid(`Invalid check: ${why}`);
  };
  if (check.intervalMs > 0 && check.ttlMs > 0) refuse("Interval and TTL cannot both be specified");
  if (isRepeated && check.intervalMs <= 0) refuse("Interval must be > 0 for Script, HTTP, or TCP checks");
  if (isRepeated && isAlias) refuse("Interval cannot be set for Alias checks");
  if (isAlias && check.ttlMs > 0) refuse("TTL must be not be set for Alias checks");
  if (!isRepeated && !isAlias && check.ttlMs <= 0) refuse("TTL must be > 0 for TTL checks");
  if (check.outputMaxSize < 0) refuse("MaxOutputMaxSize must be positive");
}

/**
 * Encodes the check as the body of agent/check/register, without the fields that have their default value.
 * @param outputBytesMax the default limit of output, in bytes
 */
export function encodeCheckDefinition(check: CheckDefinition, outputBytesMax: number = outputBytesDefault): object {
  const deregisterMs = check.deregisterCriticalServiceAfterMs;
  const fields = {
    ID: check.id,
    Name: check.name,
    Notes: check.notes,
    ServiceID: check.serviceId,
    Status: check.initialStatus === "critical" ? "" : check.initialStatus,
    ...encodeMethod(check.method),
    SuccessBeforePassing: check.successBeforePassing,
    FailuresBeforeCritical: check.failuresBeforeCritical,
    DeregisterCriticalServiceAfter: deregisterMs === 0 ? "" : formatDuration(deregisterMs),
    OutputMaxSize: check.outputBytesMax === outputBytesMax ? 0 : check.outputBytesMax,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => Boolean(value)));
}

function encodeMethod(method: CheckMethod): object {
  switch (method.kind) {
    case "http":
      return {
        ...{ HTTP: method.url, Method: method.method, Body: method.body, TLSSkipVerify: method.tlsSkipVerify },
        Header: Object.keys(method.headers).length > 0 && goMap(method.headers),
        ...encodeSchedule(method, networkTimeoutMs),
      };
    case "tcp":
      return { TCP: method.address, ...encodeSchedule(method, networkTimeoutMs) };
    case "grpc":
      return {
        ...{ GRPC: method.target, GRPCUseTLS: method.useTls, TLSSkipVerify: method.tlsSkipVerify },
        ...encodeSchedule(method, networkTimeoutMs),
      };
    case "script":
      return { ScriptArgs: method.args, ...encodeSchedule(method, scriptTimeoutMs) };
    case "docker":
      return {
        ...{ DockerContainerID: method.container, ScriptArgs: method.args },
        ...encodeSchedule(method, scriptTimeoutMs),
      };
    case "ttl":
      return { TTL: formatDuration(method.ttlMs) };
    case "alias":
      return { AliasNode: method.node, AliasService: method.service };
  }
}

function encodeSchedule(
  { intervalMs, timeoutMs }: { readonly intervalMs: number; readonly timeoutMs: number },
  timeoutMsDefault: number,
): object {
  const timeout = timeoutMs === timeoutMsDefault ? "" : formatDuration(timeoutMs);
  return { Interval: formatDuration(intervalMs), Timeout: timeout };
}

/**
 * Decodes a check's status; "" means critical.
 * @throws OperatingError invalid, code "validation", with the text `refusal`
 */
export function decodeStatus(text: string, refusal: string): CheckStatus {
  if (text === "") return "critical";
  if (!isStatus(text)) throw invalid(refusal);
  return text;
}

function isStatus(text: string): text is CheckStatus {
  return checkStatuses.some((known) => known === text);
}

/**
 * Decodes the status that a check has before its first result. Consul keeps an unknown status of a file as it is, so
 * that health/state lists the check under no status; here `warn` is called and the check begins as critical.
 * @throws OperatingError invalid, code "validation", with the text `refusal`, for an unknown status without `warn`
 */
export function decodeInitialStatus(text: string, refusal: string, { warn }: CheckDecodeOptions): CheckStatus {
  if (warn === undefined || text === "" || isStatus(text)) return decodeStatus(text, refusal);
  warn(`status ${JSON.stringify(text)} is not one of ${checkStatuses.join(", ")}: the check begins as critical`);
  return "critical";
}

/**
 * Returns the method of a check. Consul: if several are set, the check runs the first in the order below and ignores the others.
 */
function checkMethod(check: CheckFields): CheckMethod {
  if (check.ttlMs > 0) return { kind: "ttl", ttlMs: check.ttlMs };
  const schedule = (timeoutMsDefault: number): { intervalMs: number; timeoutMs: number } => ({
    intervalMs: Math.max(check.intervalMs, intervalMsMin),
    timeoutMs: check.timeoutMs > 0 ? check.timeoutMs : timeoutMsDefault,
  });
  const { tlsSkipVerify } = check;
  if (check.http !== "") {
    const { http: url, method, header: headers, body } = check;
    return { kind: "http", url, method, headers, body, tlsSkipVerify, ...schedule(networkTimeoutMs) };
  }
  if (check.tcp !== "") return { kind: "tcp", address: check.tcp, ...schedule(networkTimeoutMs) };
  if (check.grpc !== "") {
    return { kind: "grpc", target: check.grpc, useTls: check.grpcUseTls, tlsSkipVerify, ...schedule(networkTimeoutMs) };
  }
  const { scriptArgs: args, dockerContainerId: container } = check;
  if (args.length > 0 && container !== "") return { kind: "docker", container, args, ...schedule(scriptTimeoutMs) };
  if (args.length > 0) return { kind: "script", args, ...schedule(scriptTimeoutMs) };
  return { kind: "alias", node: check.aliasNode, service: check.aliasService };
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "validation", message);
}
