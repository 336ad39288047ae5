import { OperatingError } from "../lib/errors.ts";
import type { CallOptions } from "./call-options.ts";
import { type HttpClient, jsonOf } from "./http.ts";

const aliveTimeoutMs = 10_000;

/** Resolves with true if the agent answers /v1/status/leader with a 2xx status. Never throws. */
export async function isAgentAlive(http: HttpClient, options: CallOptions): Promise<boolean> {
  try {
    const { status } = await http.request({ path: "/v1/status/leader", timeoutMs: aliveTimeoutMs, ...options });
    return status >= 200 && status < 300;
  } catch {
    return false;
  }
}

/**
 * Resolves if the agent answers and knows a leader, without which it can neither read nor write.
 * @throws OperatingError if the agent does not answer or knows no leader
 */
export async function askAgentReady(http: HttpClient, options: CallOptions): Promise<void> {
  const path = "/v1/status/leader";
  const leader = jsonOf(await http.requestOk({ path, ...options }));
  const where = http.socketPath ?? http.urlOf({ path }).origin;
  if (leader === "") throw new OperatingError("unavailable", "no-leader", `the agent at ${where} knows no leader`);
}
