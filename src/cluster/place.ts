/** A host and the port of a server there. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

/**
 * Returns the place that an address of retry_join means.
 * @param address "host", "host:port", "[IPv6]:port" or an IPv6 address
 * @param ports the port of an address without one, and the gossip port, on which Consul's agents join: it means the server's
 */
export function placeOf(address: string, ports: { readonly server: number; readonly serfLan: number }): Place {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(address) ?? [];
  const number = Number(port ?? ports.server);
  return { host: bracketed ?? plain ?? address, port: number === ports.serfLan ? ports.server : number };
}
