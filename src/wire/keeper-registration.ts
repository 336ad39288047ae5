import { parseDurationWithDays } from "../lib/duration.ts";
import { OperatingError } from "../lib/errors.ts";
import { type KeeperRegistration, type KeeperService, keeperStatuses } from "../model/keeper-registration.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { baseFaults, baseNames, decodeBase, missing, refuseFaults } from "./keeper-body.ts";

const shared = { source: "api", ignoreUnknown: true } as const;
const requestNames = fieldNames([...baseNames, "registration"]);
const registrationNames = fieldNames(["serviceId", "status", "host", "port", "healthCheck"]);
const healthCheckNames = fieldNames(["interval", "path", "type"]);

/** Decodes a registration. @throws OperatingError invalid: code "validation" with core-keeper's texts, or "decode" */
export function decodeKeeperRegistration(json: unknown): KeeperService {
  const request = new JsonFields(json, { ...shared, names: requestNames, where: "AddRegistrationRequest" });
  const base = decodeBase(request);
  const service = decodeService(request.raw("registration"));
  refuseFaults([...baseFaults(base, "AddRegistrationRequest"), ...faultsOf(service)]);
  return service;
}

function decodeService(json: unknown): KeeperService {
  const fields = new JsonFields(json, { ...shared, names: registrationNames, where: "Registration" });
  const check = new JsonFields(fields.raw("healthCheck"), {
    ...shared,
    names: healthCheckNames,
    where: "Registration.HealthCheck",
  });
  const status = fields.string("status");
  return {
    serviceId: fields.string("serviceId"),
    status: keeperStatuses.find((each) => each === status) ?? "UNKNOWN",
    host: fields.string("host"),
    port: fields.int("port"),
    healthCheck: { interval: check.string("interval"), path: check.string("path"), type: check.string("type") },
  };
}

function faultsOf({ serviceId, host, port, healthCheck }: KeeperService): string[] {
  const at = "AddRegistrationRequest.Registration";
  const { interval, path, type } = healthCheck;
  return [
    ...missing([
      [`${at}.ServiceId`, serviceId],
      [`${at}.Host`, host],
      [`${at}.Port`, port],
      [`${at}.HealthCheck.Interval`, interval],
    ]),
    ...(interval === "" || isInterval(interval) ? [] : [intervalFault(`${at}.HealthCheck.Interval`)]),
    ...missing([
      [`${at}.HealthCheck.Path`, path],
      [`${at}.HealthCheck.Type`, type],
    ]),
  ];
}

/** Returns core-keeper's text for an invalid interval, including the two spaces at its end. */
function intervalFault(field: string): string {
  return `${field} field should follows the ISO 8601 Durations format, e.g.,100ms, 24h, or be greater than or equal to the minimum value  `;
}

function isInterval(text: string): boolean {
  try {
    return parseDurationWithDays(text) > 0;
  } catch (error) {
    if (error instanceof OperatingError) return false;
    throw error;
  }
}

/**
 * Encodes a registration as core-keeper does: the field is called `HealthCheck`, although core-keeper's OpenAPI file spells it
 * otherwise.
 */
export function encodeKeeperRegistration(registration: KeeperRegistration): object {
  const { createdMs, modifiedMs, serviceId, status, host, port, healthCheck } = registration;
  const { interval, path, type } = healthCheck;
  return {
    created: createdMs || undefined,
    modified: modifiedMs || undefined,
    serviceId,
    status,
    host,
    port,
    HealthCheck: { interval, path, type },
  };
}
