import { type HttpClient, type HttpRequest, unreachableReason } from "../client/http.ts";
import { formatDuration } from "../lib/duration.ts";
import { OperatingError } from "../lib/errors.ts";

/**
 * Converts the error of a request that got no answer to the error of Go's HTTP client, which scripts written for Consul search
 * for: `Get "http://127.0.0.1:8500/v1/...": dial tcp 127.0.0.1:8500: connect: connection refused`. Consul has no timeout for a
 * silent agent, so the text for a timeout is Praetor's own. Returns other errors unchanged.
 */
export function asGoError(error: unknown, http: HttpClient, request: HttpRequest): unknown {
  if (!(error instanceof OperatingError)) return error;
  const why = reasonOf(error, http, request);
  if (why === undefined) return error;
  const method = request.method ?? "GET";
  const attempted = `${method.slice(0, 1)}${method.slice(1).toLowerCase()} ${JSON.stringify(http.urlOf(request).href)}`;
  const message = `${attempted}: ${why}`;
  return error.code === "request-timeout"
    ? new OperatingError("timeout", "request-timeout", message)
    : new OperatingError("unavailable", "agent-unreachable", message, { cause: error.cause });
}

function reasonOf(error: OperatingError, http: HttpClient, request: HttpRequest): string | undefined {
  if (error.code === "request-timeout") return silentWords(http.timeoutMsOf(request));
  if (error.code !== "agent-unreachable") return undefined;
  const reason = unreachableReason(error.cause);
  if (http.socketPath !== undefined) return `dial unix ${http.socketPath}: connect: ${reason}`;
  const proxy = http.proxyOf(request);
  return proxy === undefined ? dialWords(http.urlOf(request), reason) : proxyWords(new URL(proxy), reason);
}

function silentWords(timeoutMs: number): string {
  return (
    `no answer within ${formatDuration(timeoutMs)}; if the agent runs at this address, it hangs or has too much to do: ` +
    "see its log, and restart it if it hangs; -http-addr names another agent"
  );
}

function dialWords({ protocol, hostname, port }: URL, reason: string): string {
  const dialled = `${hostname}:${port || (protocol === "https:" ? 443 : 80)}`;
  const advice = port === "" ? ` (the address names no port; an agent's is 8500, as in ${hostname}:8500)` : "";
  switch (reason) {
    case "connection refused":
      return `dial tcp ${dialled}: connect: connection refused${advice}`;
    case "name not resolved":
      return `dial tcp: lookup ${hostname}: no such host`;
    default:
      return reason.startsWith("certificate ") ? `x509: ${reason}` : reason;
  }
}

function proxyWords(proxy: URL, reason: string): string {
  const words = dialWords(proxy, reason);
  return words === reason ? `${reason} (through the proxy ${proxy.host})` : `proxyconnect tcp: ${words}`;
}
