import { isBrowsers } from "./browser.ts";

/** The paths whose requests, though they are no GETs, change nothing but the login of their sender. */
const harmless: ReadonlySet<string> = new Set([
  ...["/v1/acl/login", "/v1/acl/logout", "/v1/acl/rules/translate", "/v1/agent/connect/authorize"],
  "/v1/internal/acl/authorize",
]);

/** Returns whether a browser's request would change something: ui_config.read_only refuses it. @param path percent-decoded */
export function isPageWrite(request: Request, path: string): boolean {
  const { method } = request;
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return false;
  return !harmless.has(path) && isBrowsers(request);
}

/** The refusal of such a request. */
export const pageWriteRefused =
  "Browsers may only read here: the agent's configuration has ui_config { read_only = true }";
