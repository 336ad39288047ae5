import { OperatingError } from "../lib/errors.ts";
import { HttpClient, jsonOf } from "./http.ts";
import type { HealthSource } from "./service-health.ts";

/**
 * Resolves when the agent at `source.url` (its path is not used) answers and knows a leader, so that it can read and write.
 * @throws OperatingError when not
 */
export async function askAgentReady(source: HealthSource): Promise<void> {
  const { clock, timeoutMs, token, signal } = source;
  const baseUrl = new URL(source.url).origin;
  const http = new HttpClient({ baseUrl, clock, timeoutMs, token: token ?? "" });
  const leader = jsonOf(await http.requestOk({ path: "/v1/status/leader", signal }));
  if (leader === "") throw new OperatingError("unavailable", "no-leader", `the agent at ${baseUrl} knows no leader`);
}
