import { messageOf, OperatingError } from "../lib/errors.ts";

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

/** Returns the error of an attempt to join by the server at a place, with Consul's text. */
export function joinFailed({ host, port }: Place, error: unknown): OperatingError {
  const code = codeOf(error);
  let text = `Failed to join ${host}: ${messageOf(error)}`;
  if (code === "ECONNREFUSED") text = `Failed to join ${host}: dial tcp ${host}:${port}: connect: connection refused`;
  if (code === "ENOTFOUND") text = `Failed to resolve ${host}: lookup ${host}: no such host`;
  return new OperatingError("unavailable", "join-failed", text, { cause: error });
}

/** Returns the code of the system's error that is the cause of an error. */
export function codeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
}
