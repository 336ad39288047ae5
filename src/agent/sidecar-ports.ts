import { OperatingError } from "../lib/errors.ts";
import type { ServiceDefinition } from "../model/service.ts";
import type { LocalService } from "./local-state.ts";

/** Both ends are included. An end below 1 turns the choice of ports off. */
export interface SidecarPortRange {
  readonly first: number;
  readonly last: number;
}

/** A port that is assigned to no other sidecar until this is disposed of. */
export interface ReservedPort extends Disposable {
  /** 0 for a service without a sidecar. */
  readonly port: number;
}

/**
 * Assigns ports to sidecar proxies whose definitions have none. Consul: the first of the range that no service of the agent
 * has; a sidecar that is registered again keeps its port.
 */
export class SidecarPorts {
  readonly #range: SidecarPortRange;
  /** Ports of registrations under way, by the sidecar's id. */
  readonly #reserved = new Map<string, number>();

  constructor(range: SidecarPortRange) {
    this.#range = range;
  }

  /**
   * @param services the services registered with the agent
   * @throws OperatingError denied when no port is left
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
