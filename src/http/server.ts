import { OperatingError, messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { bodyBytesMax } from "./limits.ts";
import type { Router } from "./router.ts";

export interface ListenOptions {
  /** IP addresses, or "unix:///path". */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly tls?: Bun.TLSOptions | undefined;
  readonly router: Router;
  readonly log: Log;
}

export interface HttpServer {
  /** What it listens on: "127.0.0.1:8500". */
  readonly addresses: readonly string[];
  /** Stops listening, and ends the connections that are left. */
  stop(): Promise<void>;
}

/**
 * Listens on each address, or on none.
 * @throws OperatingError unavailable naming the address that is taken
 */
export async function listen(options: ListenOptions): Promise<HttpServer> {
  const servers: Bun.Server<undefined>[] = [];
  const network = options.tls ? "https" : "http";
  try {
    for (const address of options.addresses) servers.push(listenOn(address, options));
  } catch (error) {
    await Promise.all(servers.map((server) => server.stop(true)));
    throw error;
  }
  const addresses = servers.map((server) => server.url.host || server.url.href);
  for (const address of addresses) options.log.info("Started HTTP server", { address, network });
  return {
    addresses,
    async stop() {
      await Promise.all(servers.map((server) => server.stop(true)));
    },
  };
}

function listenOn(address: string, { port, tls, router }: ListenOptions): Bun.Server<undefined> {
  const unix = /^unix:\/\/(.*)$/.exec(address)?.[1];
  const fetch = (request: Request, server: Bun.Server<undefined>): Promise<Response> => {
    // A blocking query is held for up to ten minutes, and Go's clients keep idle connections for 90 s.
    if (request.url.includes("index=")) server.timeout(request, 0);
    return router.handle(request);
  };
  try {
    const shared = { fetch, idleTimeout: idleTimeoutS, maxRequestBodySize: bodyBytesMax * 2 };
    if (unix !== undefined) return Bun.serve({ fetch, unix, maxRequestBodySize: shared.maxRequestBodySize });
    return Bun.serve(tls ? { ...shared, hostname: address, port, tls } : { ...shared, hostname: address, port });
  } catch (error) {
    const where = unix ?? `${address}:${port}`;
    const message =
      `cannot listen on ${where}: ${messageOf(error)}. ` +
      "Stop the program that listens there, or choose another address with -http-port or -client.";
    throw new OperatingError("unavailable", "cannot-listen", message, { cause: error });
  }
}

const idleTimeoutS = 120;
