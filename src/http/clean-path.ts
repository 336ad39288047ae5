import { posix } from "node:path";
import { encodePath } from "./sent-path.ts";

/**
 * Where Go's server redirects a path that has empty, "." or ".." parts; undefined for a path without any. Consul also
 * splits at encoded slashes, so a service whose id is a URL can never be deregistered there. Here "%2F" belongs to its part.
 */
export function cleanPath(parts: readonly string[]): string | undefined {
  return parts.some(isUnclean) ? posix.normalize(encodePath(parts)) : undefined;
}

function isUnclean(part: string, at: number, { length }: readonly string[]): boolean {
  return part === "." || part === ".." || (part === "" && at < length - 1);
}
