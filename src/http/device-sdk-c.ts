import type { HttpRequest } from "./http-request.ts";

/**
 * Returns whether the client is EdgeX's SDK for device services in C, which needs two exceptions from Consul's rules: it refuses
 * a whole configuration in which an empty value is null, and it uploads all its settings in one transaction.
 */
export function isDeviceSdkC(request: HttpRequest): boolean {
  return request.raw.headers.get("user-agent") === "edgex";
}

/** Maximum number of operations in a transaction of this SDK. The limit in bytes is the same for every client. */
export const deviceSdkCOperationsMax = 4_096;
