/** An answer that the proxy gives, or changes, in place of the agent's. */
export type WebFault =
  /** The proxy answers so, and does not ask the agent. */
  | { readonly status: number; readonly text: string }
  /** The proxy answers so with a JSON body, once it is there, and X-Consul-Index. */
  | { readonly json: unknown; readonly index: number }
  /** The agent's answer gets another X-Consul-Index. */
  | { readonly index: number }
  /** The proxy waits for the promise before it asks the agent. */
  | { readonly until: Promise<unknown> };

/** A proxy between a browser and an agent that serves the agent below a path, and makes faults that a test wants. */
export interface WebProxy extends AsyncDisposable {
  /** The address of the agent's root, without a slash at its end: "http://127.0.0.1:1/gateway-7". */
  readonly url: string;
  /** Returns the fault of a request by its path and query, without the proxy's prefix; undefined passes it on. */
  fault: (path: string) => WebFault | undefined;
  /** The paths and queries of all requests so far. */
  readonly asked: readonly string[];
  /** Returns how many requests the proxy has not answered yet. */
  readonly open: () => number;
  /** Ends all connections, and accepts no more. */
  cut(): Promise<void>;
  /** Accepts connections again. */
  mend(): void;
}

/**
 * Opens a proxy to an agent.
 * @param prefix the path below which it serves the agent: "" or such as "/gateway-7"
 * @param api the address of another agent, which answers what is below /v1/
 */
export function openWebProxy(to: string, prefix = "", api: string = to): WebProxy {
  const asked: string[] = [];
  let open = 0;
  let port = 0;
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    if (!pathname.startsWith(`${prefix}/`)) return new Response("not below the proxy's path", { status: 404 });
    const path = pathname.slice(prefix.length) + search;
    asked.push(path);
    const fault = proxy.fault(path);
    if (fault && "status" in fault) return new Response(fault.text, { status: fault.status });
    if (fault && "json" in fault)
      return Response.json(await fault.json, { headers: { "X-Consul-Index": String(fault.index) } });
    if (fault && "until" in fault) await fault.until;
    const { method, headers, signal } = request;
    const body = method === "GET" ? null : await request.arrayBuffer();
    headers.delete("host");
    const passed = await fetch((path.startsWith("/v1/") ? api : to) + path, {
      method,
      headers,
      body,
      signal,
      decompress: false,
      redirect: "manual",
    });
    const changed = new Headers(passed.headers);
    if (fault && "index" in fault) changed.set("X-Consul-Index", String(fault.index));
    return new Response(passed.body, { status: passed.status, headers: changed });
  };
  const serve = (): Bun.Server<undefined> =>
    Bun.serve({
      ...{ hostname: "127.0.0.1", port, idleTimeout: 0 },
      fetch(request, server) {
        server.timeout(request, 0);
        open += 1;
        return answer(request)
          .catch((error: unknown) => new Response(String(error), { status: 502 }))
          .finally(() => (open -= 1));
      },
    });
  let server = serve();
  port = server.port ?? 0;
  const proxy: WebProxy = {
    url: `http://127.0.0.1:${port}${prefix}`,
    fault: () => undefined,
    asked,
    open: () => open,
    cut: () => server.stop(true),
    mend: () => void (server = serve()),
    [Symbol.asyncDispose]: () => server.stop(true),
  };
  return proxy;
}
