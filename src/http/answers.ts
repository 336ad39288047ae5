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
  return bytes(request, body, headers, options.status ?? 200);
}

/** A body as it is; compressed for who takes it so, when that saves something. */
export function bytes(request: HttpRequest, body: string | Uint8Array, headers: Headers, status = 200): Response {
  if (body.length < gzipBytesMin || !request.acceptsGzip) return new Response(toBody(body), { status, headers });
  const compressed = Bun.gzipSync(toBody(body), { level: 1 });
  return new Response(compressed, { status, headers: { ...headers, "Content-Encoding": "gzip" } });
}

/** A copy of bytes that others share: what is being sent must not be theirs to change. */
function toBody(body: string | Uint8Array): string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" ? body : new Uint8Array(body);
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
