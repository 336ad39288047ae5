import { formatDuration, parseDurationWithDays } from "../lib/duration.ts";
import type { KeeperService } from "../model/keeper-registration.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { decodeServiceDefinition } from "../wire/service-definition.ts";

/** The timeout of every check, as in core-keeper; a registration cannot set it. */
const checkTimeout = "5s";

/**
 * Returns the agent's service definition for a registration of core-keeper's API, as Consul's API would decode it.
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
  const hostPort = host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
  if (type === "tcp") return { TCP: hostPort };
  return { HTTP: `${type}://${hostPort}${path.startsWith("/") ? "" : "/"}${path}` };
}
