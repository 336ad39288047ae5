import { OperatingError } from "../lib/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The address of an agent's HTTP API. */
export interface AgentAddress {
  /** The base URL, without a path: "http://10.0.0.1:8500". */
  readonly baseUrl: string;
  /** Path of the agent's unix socket; undefined for TCP. */
  readonly socket?: string;
}

/**
 * Parses an address as Consul 1.8's command line does: "host:port", "http://host:port", "https://host:port" or
 * "unix:///path". With `secure` the protocol is https, whatever the scheme. The default port is 80, or 443 for https. A final
 * slash, which Consul refuses, is allowed.
 * @throws OperatingError invalid
 */
export function parseAgentAddress(text: string, { secure }: { readonly secure: boolean }): AgentAddress {
  const [, scheme = "http", rest = ""] = /^(?:(.*?):\/\/)?(.*)$/s.exec(text) ?? [];
  if (scheme === "unix" && rest !== "") return { baseUrl: `${secure ? "https" : "http"}://localhost`, socket: rest };
  if (scheme !== "http" && scheme !== "https") throw invalid(`Unknown protocol scheme: ${scheme}`);
  const host = rest.replace(/\/$/, "");
  // Consul 1.8 looks up "host:port/path" in DNS, and its error does not name the cause.
  if (/[/?#@\\]/.test(host)) throw invalid(`the agent's address ${shown(text)} has more than a host and a port`);
  const url = URL.parse(`${secure ? "https" : scheme}://${host}`);
  if (url === null) throw invalid(`the agent's address ${shown(text)} is not a host and a port`);
  return { baseUrl: url.origin };
}

function invalid(what: string): OperatingError {
  const expected = "expected host:port, http://host:port, https://host:port or unix:///path";
  return new OperatingError("invalid", "invalid-agent-address", `${what}; ${expected}`);
}

/** Quotes an address for an error text. Hides the part before an @, which can contain a password. */
function shown(text: string): string {
  return JSON.stringify(text.replace(/^(.*?:\/\/)?.*@/s, "$1***@"));
}
