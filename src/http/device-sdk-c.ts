import type { HttpRequest } from "./http-request.ts";

/**
 * Whether EdgeX's SDK for device services in C asks, for which two of Consul's answers are of no use: an empty value
 * that is null makes it refuse a whole configuration, and it uploads all its settings in one transaction.
 */
export function isDeviceSdkC(request: HttpRequest): boolean {
  return request.raw.headers.get("user-agent") === "edgex";
}

/** How many operations one of its transactions has at the most; their bytes are limited as everybody's. */
export const deviceSdkCOperationsMax = 4_096;
