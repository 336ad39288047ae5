import { formatDuration, parseDurationWithDays } from "../lib/duration.ts";
import type { KeeperService } from "../model/keeper-registration.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { decodeServiceDefinition } from "../wire/service-definition.ts";

/** core-keeper's own, which a registration cannot set. */
const checkTimeout = "5s";

/**
 * What the agent is asked to register for it: the same as if it had come over Consul's API.
 * @throws OperatingError invalid
 */
export function toServiceDefinition(
  service: KeeperService,
  options: { readonly outputBytesMax: number },
): ServiceDefinition {
  const { serviceId, host, port, status, healthCheck } = service;
  const Check = {
    ...checkTarget(service),
    Interval: formatDuration(parseDurationWithDays(healthCheck.interval)),
    Timeout: checkTimeout,
    Status: status === "UP" ? "passing" : "critical",
  };
  return decodeServiceDefinition({ Name: serviceId, Address: host, Port: port, Check }, { source: "api", ...options });
}

function checkTarget({ host, port, healthCheck: { path, type } }: KeeperService): object {
  const place = host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
  if (type === "tcp") return { TCP: place };
  return { HTTP: `${type}://${place}${path.startsWith("/") ? "" : "/"}${path}` };
}
