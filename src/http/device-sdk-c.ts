import type { HttpRequest } from "./http-request.ts";

/**
 * Whether the client is EdgeX's SDK for device services in C. It cannot use two of Consul's answers: an empty value that is
 * null makes it refuse a whole configuration, and it uploads all its settings in one transaction.
 */
export function isDeviceSdkC(request: HttpRequest): boolean {
  return request.raw.headers.get("user-agent") === "edgex";
}

/** Maximum number of operations in a transaction of this SDK. The limit in bytes is the same for every client. */
export const deviceSdkCOperationsMax = 4_096;
