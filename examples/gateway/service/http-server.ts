import { messageOf } from "../../../src/lib/errors.ts";
import type { Route } from "./definition.ts";
import type { ServiceLog } from "./log.ts";
import { PeerError } from "./peers.ts";

export interface HttpServer {
  close(): Promise<void>;
}

interface Address {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Starts an HTTP server that answers with these routes.
 * @throws Error if the port is in use
 */
export function startHttpServer(address: Address, routes: readonly Route[], log: ServiceLog): HttpServer {
  const server = Bun.serve({
    ...address,
    reusePort: false, // a port in use is an error
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const response = await answer(request, routes);
      log.debug(`${request.method} ${pathname} ${response.status}`);
      return response;
    },
  });
  return { close: () => server.stop() };
}

async function answer(request: Request, routes: readonly Route[]): Promise<Response> {
  for (const route of routes) {
    const parameters = match(route, request);
    if (parameters === undefined) continue;
    try {
      const body: unknown = request.method === "POST" ? await request.json() : undefined;
      const result = await route.answer({ parameters, body });
      return typeof result === "string" ? new Response(result) : Response.json(result);
    } catch (thrown) {
      return new Response(messageOf(thrown), { status: thrown instanceof PeerError ? thrown.status : 500 });
    }
  }
  return new Response("not found", { status: 404 });
}

function match(route: Route, request: Request): Record<string, string> | undefined {
  if (route.method !== request.method) return undefined;
  const wanted = route.path.split("/");
  const given = new URL(request.url).pathname.split("/").map(decodeURIComponent);
  if (wanted.length !== given.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [at, segment] of wanted.entries()) {
    if (segment.startsWith(":")) parameters[segment.slice(1)] = given[at] ?? "";
    else if (segment !== given[at]) return undefined;
  }
  return parameters;
}
