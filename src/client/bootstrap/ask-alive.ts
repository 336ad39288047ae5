import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { HttpClient } from "../http.ts";

/**
 * Resolves if the agent answers /v1/status/leader with status 200.
 * @param what the agent's role, for the error text: "registry"
 * @throws OperatingError unavailable, with the text of EdgeX's services
 */
export async function askAlive(http: HttpClient, what: string, signal: AbortSignal): Promise<void> {
  try {
    await http.requestOk({ path: "/v1/status/leader", signal });
  } catch (cause) {
    throw new OperatingError("unavailable", "agent-not-available", `${what} is not available: ${messageOf(cause)}`, {
      cause,
    });
  }
}
