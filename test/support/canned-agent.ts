export interface CannedRequest {
  readonly method: string;
  /** The path and query string, as received. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

/** An HTTP server that stands in for an agent: it returns the answers that a test defines, and records the requests. */
export interface CannedAgent extends Disposable {
  readonly url: string;
  readonly requests: readonly CannedRequest[];
}

export function startCannedAgent(answer: (request: CannedRequest) => Response | Promise<Response>): CannedAgent {
  const requests: CannedRequest[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    // A request may wait for its answer, or a connection for its next request, as long as a busy machine takes.
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers, signal } = request;
      const asked = { method, target: `${pathname}${search}`, headers, body: await request.text(), signal };
      requests.push(asked);
      return answer(asked);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    [Symbol.dispose]: () => void server.stop(true),
  };
}
