import type { RequestHandler } from "../../src/http/server.ts";
import { SentPath, splitPath } from "../../src/http/sent-path.ts";

/**
 * Passes a request to a router without a server, and returns the response.
 * @param target path and query as a client sends them
 */
export function askInProcess(
  router: RequestHandler,
  target: string,
  init: RequestInit = {},
  clientAddress = "192.0.2.7",
): Response | Promise<Response> {
  const [path = ""] = target.split("?");
  const connections = { requestIP: () => ({ address: clientAddress, port: 50_000 }), timeout: (): void => undefined };
  return router.handle(new Request(`http://agent${target}`, init), sentPath(path), connections);
}

function sentPath(path: string): SentPath {
  const parts = splitPath(path) ?? ["\uFFFD"];
  const names = parts.map((part, at) => (part === "" ? "" : `p${at}`));
  return new SentPath(Object.fromEntries(names.map((name, at) => [name, parts[at] ?? ""])), names);
}
