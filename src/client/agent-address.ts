import { OperatingError } from "../lib/errors.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where an agent answers HTTP. */
export interface AgentAddress {
  /** "http://10.0.0.1:8500", without a path. */
  readonly baseUrl: string;
  /** Path of the socket that leads there; undefined for an agent that is reached over the network. */
  readonly socket?: string;
}

/**
 * Reads an address as Consul 1.8's command line does: "host:port", "http://host:port", "https://host:port" or
 * "unix:///path". With `secure` it is https, even if it begins with "http://" or "unix://"; without a port it is that of the scheme, 80
 * or 443. Unlike in Consul, a slash may follow.
 * @throws OperatingError invalid
 */
export function parseAgentAddress(text: string, { secure }: { readonly secure: boolean }): AgentAddress {
  const [, scheme = "http", rest = ""] = /^(?:(.*?):\/\/)?(.*)$/s.exec(text) ?? [];
  if (scheme === "unix" && rest !== "") return { baseUrl: `${secure ? "https" : "http"}://localhost`, socket: rest };
  if (scheme !== "http" && scheme !== "https") throw invalid(`Unknown protocol scheme: ${scheme}`);
  const host = rest.replace(/\/$/, "");
  // Consul 1.8 asks the name server for "host:port/path", so the words of its error lead nowhere.
  if (/[/?#@\\]/.test(host)) throw invalid(`the agent's address ${shown(text)} has more than a host and a port`);
  const url = URL.parse(`${secure ? "https" : scheme}://${host}`);
  if (url === null) throw invalid(`the agent's address ${shown(text)} is none`);
  return { baseUrl: url.origin };
}

function invalid(what: string): OperatingError {
  const expected = "expected host:port, http://host:port, https://host:port or unix:///path";
  return new OperatingError("invalid", "invalid-agent-address", `${what}; ${expected}`);
}

/** Before an @ there can be a password. */
function shown(text: string): string {
  return JSON.stringify(text.replace(/^(.*?:\/\/)?.*@/s, "$1***@"));
}
