import { unreachableReason, type HttpClient, type HttpRequest } from "../client/http.ts";
import { OperatingError } from "../lib/errors.ts";

/**
 * Consul: what Go's HTTP client says of an agent that is not there, `Get "http://127.0.0.1:8500/v1/...": dial tcp
 * 127.0.0.1:8500: connect: connection refused`, which scripts search for. Any other error stays as it is.
 */
export function inGosWords(error: unknown, http: HttpClient, request: HttpRequest): unknown {
  if (!(error instanceof OperatingError) || error.code !== "agent-unreachable") return error;
  const method = request.method ?? "GET";
  const url = http.urlOf(request);
  const attempted = `${method.slice(0, 1)}${method.slice(1).toLowerCase()} ${JSON.stringify(url.href)}`;
  const reason = unreachableReason(error.cause);
  const why =
    http.socketPath === undefined ? dialling(url, reason) : `dial unix ${http.socketPath}: connect: ${reason}`;
  return new OperatingError("unavailable", "agent-unreachable", `${attempted}: ${why}`, { cause: error.cause });
}

function dialling({ protocol, hostname, port }: URL, reason: string): string {
  switch (reason) {
    case "connection refused":
      return `dial tcp ${hostname}:${port || (protocol === "https:" ? 443 : 80)}: connect: connection refused`;
    case "name not resolved":
      return `dial tcp: lookup ${hostname}: no such host`;
    default:
      return reason;
  }
}
