import { OperatingError } from "../lib/errors.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads "host:port" or "[v6]:port". A missing host means this machine. What is wrong is said in the words of Go, which
 * people look up.
 * @throws OperatingError invalid
 */
export function parseHostPort(text: string): HostPort {
  const [, bracketed, plain = "", port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text) ?? [];
  if (port === undefined)
    throw invalidAddress(text, isOverColoned(text) ? "too many colons in address" : "missing port in address");
  return { host: (bracketed ?? plain) || "localhost", port: parsePort(port) };
}

/** An address as Go prints it, v6 in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function isOverColoned(text: string): boolean {
  return text.replace(/^\[[^\]]*\]/, "").split(":").length > 2;
}

function parsePort(text: string): number {
  if (!/^\d+$/.test(text)) throw invalidAddress(`tcp/${text}`, "unknown port");
  const port = Number(text);
  if (port > 65_535) throw invalidAddress(text, "invalid port");
  return port;
}

function invalidAddress(text: string, what: string): OperatingError {
  return new OperatingError("invalid", "invalid-address", `address ${text}: ${what}`);
}
