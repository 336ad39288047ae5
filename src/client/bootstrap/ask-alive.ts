import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { HttpClient } from "../http.ts";

/**
 * Resolves when an agent answers. `what` is what it is to the service: "registry".
 * @throws OperatingError unavailable, in the words of EdgeX's services
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
