import { renderGoJson } from "../wire/go-json.ts";
import type { HttpRequest } from "./http-request.ts";

/** Header names as Consul sends them; some clients compare them letter by letter. */
export type Headers = Readonly<Record<string, string>>;

/** Below this a compressed answer saves no packet. */
const gzipBytesMin = 1400;

export function json(request: HttpRequest, value: unknown, headers: Headers = {}): Response {
  return jsonText(request, renderGoJson(value, { pretty: request.pretty }), { headers });
}

/** JSON that is rendered already. */
export function jsonText(
  request: HttpRequest,
  body: string,
  options: { readonly headers?: Headers; readonly status?: number } = {},
): Response {
  const headers = { "Content-Type": "application/json", Vary: "Accept-Encoding", ...options.headers };
  const status = options.status ?? 200;
  if (body.length >= gzipBytesMin && request.acceptsGzip) {
    return new Response(Bun.gzipSync(body, { level: 1 }), {
      status,
      headers: { ...headers, "Content-Encoding": "gzip" },
    });
  }
  return new Response(body, { status, headers });
}

export function text(status: number, body: string, headers: Headers = {}): Response {
  return new Response(body, {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", Vary: "Accept-Encoding", ...headers },
  });
}

/** 200 and nothing more, as Consul answers most changes. */
export function empty(status = 200, headers: Headers = {}): Response {
  return new Response(null, { status, headers: { Vary: "Accept-Encoding", ...headers } });
}
