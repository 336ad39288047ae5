import { OperatingError } from "../lib/errors.ts";
import type { ServiceDefinition } from "../model/service.ts";
import type { LocalService } from "./local-state.ts";

/** A range of ports, with both ends included. If an end is below 1, the agent assigns no ports. */
export interface SidecarPortRange {
  readonly first: number;
  readonly last: number;
}

/** A reserved port. No other sidecar gets it until the caller disposes of this object. */
export interface ReservedPort extends Disposable {
  /** The port; 0 for a service without a sidecar. */
  readonly port: number;
}

/**
 * Assigns ports to sidecar proxies whose definitions have none. Consul: assigns the first port of the range that no service
 * of the agent has; a sidecar that is registered again keeps its port.
 */
export class SidecarPorts {
  readonly #range: SidecarPortRange;
  /** Ports of registrations under way, by the sidecar's id. */
  readonly #reserved = new Map<string, number>();

  constructor(range: SidecarPortRange) {
    this.#range = range;
  }

  /**
   * Reserves a port for the sidecar of a definition.
   * @param services the services registered with the agent
   * @throws OperatingError forbidden when no port is left
   */
  reserve({ sidecar }: ServiceDefinition, services: ReadonlyMap<string, LocalService>): ReservedPort {
    if (sidecar === undefined) return { port: 0, [Symbol.dispose]: () => {} };
    const { id } = sidecar.service;
    const port = sidecar.service.port || this.#portOf(id, services) || this.#free(services);
    this.#reserved.set(id, port);
    return { port, [Symbol.dispose]: () => void this.#reserved.delete(id) };
  }

  #portOf(id: string, services: ReadonlyMap<string, LocalService>): number | undefined {
    const known = services.get(id);
    return (known?.isSidecar ? known.service.port : undefined) || this.#reserved.get(id);
  }

  #free(services: ReadonlyMap<string, LocalService>): number {
    const { first, last } = this.#range;
    if (first < 1 || last < 1) throw noPort("auto-assignment disabled in config");
    const taken = new Set(this.#reserved.values());
    for (const { service } of services.values()) taken.add(service.port);
    for (let port = first; port <= last; port += 1) if (!taken.has(port)) return port;
    throw noPort(`none left in the configured range [${first}, ${last}]`);
  }
}

function noPort(why: string): OperatingError {
  const message =
    `Invalid SidecarService: no port provided for sidecar_service and ${why}. ` +
    "Give it a port, or widen ports.sidecar_min_port to ports.sidecar_max_port";
  return new OperatingError("denied", "no-sidecar-port", message);
}
