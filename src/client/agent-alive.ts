import type { CallOptions } from "./call-options.ts";
import type { HttpClient } from "./http.ts";

const aliveTimeoutMs = 10_000;

/** True when the agent answers and knows a leader or is one; never throws. */
export async function isAgentAlive(http: HttpClient, options: CallOptions): Promise<boolean> {
  try {
    const { status } = await http.request({ path: "/v1/status/leader", timeoutMs: aliveTimeoutMs, ...options });
    return status >= 200 && status < 300;
  } catch {
    return false;
  }
}
