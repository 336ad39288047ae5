import { messageOf, OperatingError } from "../lib/errors.ts";
import { parseHostPort, type HostPort } from "./host-port.ts";
import { codeOf, connectErrorText, dialErrorText } from "./go-error-text.ts";

/** The address of the Docker API: a Unix socket, or a TCP address without TLS, as in Consul. */
export interface DockerHost {
  readonly address: { readonly socketPath: string } | HostPort;
  /** Value of the header Host; the Docker daemon ignores it on a Unix socket. */
  readonly header: string;
  /** The API's URL as error texts show it. */
  readonly url: string;
}

const dockerSocket = "unix:///var/run/docker.sock";

/**
 * Parses the address of the Docker API.
 * @param text a value of DOCKER_HOST: unix:///path, tcp://host:port or http://host:port; "" is Docker's default socket
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

/** Returns Go's text for a failed request to the Docker API. */
export function dockerFailureText({ address }: DockerHost, error: unknown): string {
  const code = codeOf(error);
  if (code === "ECONNRESET") return "EOF";
  if (!("socketPath" in address)) return dialErrorText(error, address);
  const text = code === "ENOENT" ? "connect: no such file or directory" : connectErrorText(code);
  const advice = code === "EACCES" ? " (the agent's user needs the right to use Docker's socket)" : "";
  return text === undefined ? messageOf(error) : `dial unix ${address.socketPath}: ${text}${advice}`;
}
