import { OperatingError } from "../lib/errors.ts";
import type { CallOptions } from "./call-options.ts";
import { type HttpClient, jsonOf } from "./http.ts";

/**
 * Resolves when the agent answers and knows a leader, so that it can read and write.
 * @throws OperatingError when not
 */
export async function askAgentReady(http: HttpClient, options: CallOptions): Promise<void> {
  const path = "/v1/status/leader";
  const leader = jsonOf(await http.requestOk({ path, ...options }));
  const where = http.socketPath ?? http.urlOf({ path }).origin;
  if (leader === "") throw new OperatingError("unavailable", "no-leader", `the agent at ${where} knows no leader`);
}
