import type { HttpRequest } from "./http-request.ts";

/**
 * Whether the client is EdgeX's SDK for device services in C. It cannot use two of Consul's answers: an empty value that is
 * null makes it refuse a whole configuration, and it uploads all its settings in one transaction.
 */
export function isDeviceSdkC(request: HttpRequest): boolean {
  return request.raw.headers.get("user-agent") === "edgex";
}

/** The limit of operations in its transactions. The limit of bytes is every client's. */
export const deviceSdkCOperationsMax = 4_096;
