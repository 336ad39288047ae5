import { OperatingError } from "../lib/errors.ts";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Parses "host:port" or "[v6]:port" by the rules of Go's net.Dial. An empty host means this machine. Error texts are Go's.
 * @throws OperatingError invalid
 */
export function parseHostPort(text: string): HostPort {
  if (text === "") throw new OperatingError("invalid", "invalid-address", "missing address");
  const { host, port } = splitHostPort(text);
  return { host, port: parsePort(port) };
}

/**
 * Splits "host:port" into host and port without validating them.
 * @throws OperatingError invalid
 */
export function splitHostPort(text: string): { readonly host: string; readonly port: string } {
  const colon = text.lastIndexOf(":");
  const close = text.startsWith("[") ? text.indexOf("]") : -1;
  const refuse = (what: string): never => {
    throw invalidAddress(text, what);
  };
  if (colon < 0) refuse("missing port in address");
  if (text.startsWith("[") && close < 0) refuse("missing ']' in address");
  if (close >= 0 && close + 1 !== colon)
    refuse(text[close + 1] === ":" ? "too many colons in address" : "missing port in address");
  const host = close < 0 ? text.slice(0, colon) : text.slice(1, close);
  if (close < 0 && host.includes(":")) refuse("too many colons in address");
  if (text.includes("[", close < 0 ? 0 : 1)) refuse("unexpected '[' in address");
  if (text.includes("]", close + 1)) refuse("unexpected ']' in address");
  return { host, port: text.slice(colon + 1) };
}

/** Formats an address as Go does, with an IPv6 address in brackets. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Port numbers by service name, for the names that Go knows without /etc/services. */
const servicePorts: Readonly<Record<string, number>> = {
  ...{ domain: 53, ftp: 21, ftps: 990, gopher: 70, http: 80, https: 443, imap2: 143, imap3: 220, imaps: 993 },
  ...{ pop3: 110, pop3s: 995, smtp: 25, ssh: 22, telnet: 23 },
};

function parsePort(text: string): number {
  const named = servicePorts[text.toLowerCase()];
  if (named !== undefined) return named;
  if (!/^[+-]?\d*$/.test(text)) throw invalidAddress(`tcp/${text}`, "unknown port");
  const port = Number(text);
  if (!(port >= 0 && port <= 65_535)) throw invalidAddress(text, "invalid port");
  return port;
}

function invalidAddress(text: string, what: string): OperatingError {
  return new OperatingError("invalid", "invalid-address", `address ${text}: ${what}`);
}
