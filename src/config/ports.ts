import { OperatingError } from "../lib/errors.ts";
import type { Ports, RuntimeConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

/**
 * Reads all ports; -1 means that the listener is off.
 * @throws OperatingError invalid
 */
export function readPorts(settings: Settings): Ports {
  const port = (path: string): number => {
    const number = settings.number(path);
    if (number > 65_535) throw invalid(`${path}: invalid port: ${number}; at most 65535${settings.from(path)}`);
    // Consul: 0 and every negative number switch a port off.
    return number <= 0 ? -1 : number;
  };
  return {
    http: port("ports.http"),
    https: port("ports.https"),
    dns: port("ports.dns"),
    grpc: port("ports.grpc"),
    server: port("ports.server"),
    serfLan: port("ports.serf_lan"),
    serfWan: port("ports.serf_wan"),
    keeper: port("ports.keeper"),
  };
}

/**
 * Refuses two listeners with the same address and port. Includes RPC and Serf, which Praetor does not run, since clients see
 * their ports.
 * @throws OperatingError invalid
 */
export function refuseSharedAddresses(config: RuntimeConfig): void {
  const { ports } = config;
  const listeners: readonly (readonly [name: string, addresses: readonly string[], port: number])[] = [
    ["DNS", config.dnsAddresses, ports.dns],
    ["HTTP", config.httpAddresses, ports.http],
    ["HTTPS", config.httpsAddresses, ports.https],
    ["core-keeper", config.keeperAddresses, ports.keeper],
    ["RPC Advertise", [config.advertiseAddress], ports.server],
    ["Serf Advertise LAN", [config.advertiseAddress], ports.serfLan],
    ["Serf Advertise WAN", [config.advertiseAddressWan], ports.serfWan],
  ];
  const users = new Map<string, string>();
  for (const [name, addresses, port] of listeners)
    for (const address of port > 0 ? addresses : addresses.filter((item) => item.startsWith("unix://"))) {
      const listener = formatListener(address, port);
      const other = users.get(listener);
      if (other !== undefined) throw invalid(`${name} address ${listener} already configured for ${other}`);
      users.set(listener, name);
    }
}

function formatListener(address: string, port: number): string {
  if (address.startsWith("unix://")) return address.slice("unix://".length);
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-config", message);
}
