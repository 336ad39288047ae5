import { messageOf, OperatingError } from "../lib/errors.ts";
import { parseHostPort, type HostPort } from "./host-port.ts";
import { codeOf, connectErrorWords, dialErrorWords } from "./go-error-text.ts";

/** Where the Docker API is: a socket of this machine, or an address (without TLS, as with Consul). */
export interface DockerHost {
  readonly address: { readonly socketPath: string } | HostPort;
  /** The header Host; a socket does not mind. */
  readonly header: string;
  /** What errors call it. */
  readonly url: string;
}

const dockerSocket = "unix:///var/run/docker.sock";

/**
 * @param text as DOCKER_HOST has it: unix:///path, tcp://host:port or http://host:port; "" is Docker's own socket
 * @throws OperatingError invalid
 */
export function parseDockerHost(text: string): DockerHost {
  const [, scheme, rest = ""] = /^(unix|tcp|http):\/\/(.+)$/.exec(text || dockerSocket) ?? [];
  if (scheme === undefined) {
    const wanted = "DOCKER_HOST must be like unix:///var/run/docker.sock or tcp://127.0.0.1:2375";
    throw new OperatingError("invalid", "invalid-docker-host", `unable to parse docker host \`${text}\`: ${wanted}`);
  }
  if (scheme === "unix")
    return { address: { socketPath: rest }, header: "docker", url: `http://${encodeURIComponent(rest)}` };
  const [authority = ""] = rest.split("/", 1);
  const { host, port } = parseHostPort(authority);
  return { address: { host: host || "localhost", port }, header: authority, url: `http://${authority}` };
}

/** Why a request to it failed, in the words of Go. */
export function dockerFailureWords({ address }: DockerHost, error: unknown): string {
  const code = codeOf(error);
  if (code === "ECONNRESET") return "EOF";
  if (!("socketPath" in address)) return dialErrorWords(error, address);
  const words = code === "ENOENT" ? "connect: no such file or directory" : connectErrorWords(code);
  const advice = code === "EACCES" ? " (the agent's user needs the right to use Docker's socket)" : "";
  return words === undefined ? messageOf(error) : `dial unix ${address.socketPath}: ${words}${advice}`;
}
