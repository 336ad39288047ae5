import { renderGoJson } from "../wire/go-json.ts";
import { escapeHtml } from "./html.ts";
import type { HttpRequest } from "./http-request.ts";
import { isLarge } from "./large-answers.ts";

/** Header fields by name. The names are capitalized as Consul's are, because some clients compare them case-sensitively. */
export type HeaderFields = Readonly<Record<string, string>>;

/** A complete response that can be sent more than once. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body; null for a response without body and Content-Type. */
  readonly body: string | Uint8Array<ArrayBuffer> | null;
}

/** Minimum size for compression, in bytes: compressing a smaller answer would not save a network packet. */
const gzipBytesMin = 1400;

/** Returns the response for an answer: compressed if the client accepts gzip and that saves a packet; streamed if it is large. */
export function send(answer: Answer, request: HttpRequest): Response {
  const { raw } = request;
  if (!isLarge(answer.body)) return sendWhole(answer, raw);
  const { status, body } = answer;
  const isPacked = acceptsGzip(raw);
  const bytes = isPacked ? Bun.gzipSync(body ?? "", { level: 1 }) : bytesOf(body ?? "");
  const response = new Response(request.largeAnswers.body(request.peer, bytes, raw.signal), {
    status,
    headers: answer.headers,
  });
  if (isPacked) response.headers.set("Content-Encoding", "gzip");
  return response;
}

/** Returns the response for an answer that is not large, with its body in one piece. */
export function sendWhole({ status, headers, body }: Answer, request: Request): Response {
  if (body === null || body.length < gzipBytesMin || !acceptsGzip(request))
    return new Response(body, { status, headers });
  const response = new Response(Bun.gzipSync(body, { level: 1 }), { status, headers });
  response.headers.set("Content-Encoding", "gzip");
  return response;
}

function bytesOf(body: string | Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return typeof body === "string" ? Buffer.from(body) : body;
}

/**
 * Returns whether a client accepts gzip. Consul: the last "gzip" in Accept-Encoding whose weight is a number decides, by the last
 * of its parameters; "*" is ignored.
 */
function acceptsGzip({ headers }: Request): boolean {
  const accepted = headers.get("accept-encoding");
  // Nearly all clients send either no Accept-Encoding or exactly "gzip".
  if (accepted === null) return false;
  if (accepted === "gzip") return true;
  const weights = accepted.split(",").map(gzipWeight);
  return (weights.findLast((weight) => weight !== undefined) ?? 0) > 0;
}

/** Returns the weight of an item like "gzip;q=0.5"; undefined for another coding, or if the weight is not a number. */
function gzipWeight(coding: string): number | undefined {
  const [name = "", ...parameters] = coding.split(";").map((part) => part.trim());
  if (name.toLowerCase() !== "gzip") return undefined;
  const last = parameters.at(-1) ?? "";
  if (!last.startsWith("q=")) return 1;
  const weight = last.slice("q=".length);
  return decimal.test(weight) ? Number(weight) : undefined;
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;

export function json(request: HttpRequest, value: unknown, headers?: HeaderFields): Response {
  return jsonText(request, renderGoJson(value, { pretty: request.pretty }), headers && { headers });
}

/** Returns a response with rendered JSON. */
export function jsonText(
  request: HttpRequest,
  body: string | Uint8Array<ArrayBuffer>,
  options: { readonly headers?: HeaderFields; readonly status?: number } = {},
): Response {
  const headers = options.headers ? new Headers({ ...jsonHeaders, ...options.headers }) : plainJson;
  return send({ status: options.status ?? 200, headers, body }, request);
}

export const jsonHeaders: HeaderFields = { "Content-Type": "application/json", Vary: "Accept-Encoding" };

/** The headers of a JSON response without further headers. Such responses share them, since each Response makes a copy. */
const plainJson = new Headers(jsonHeaders);

export function text(status: number, body: string, headers: HeaderFields = {}): Response {
  return new Response(body, {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", Vary: "Accept-Encoding", ...headers },
  });
}

/** Returns a response without a body: Consul's answer to most writes. */
export function empty(status = 200, headers: HeaderFields = {}): Response {
  return new Response(null, { status, headers: { Vary: "Accept-Encoding", ...headers } });
}

/** Returns a redirect like Go's, which has a body only for GET and HEAD. */
export function moved(method: string, location: string): Response {
  const headers = { Location: location };
  if (method !== "GET" && method !== "HEAD") return new Response(null, { status: 301, headers });
  const body = `<a href="${escapeHtml(location)}">Moved Permanently</a>.\n\n`;
  return new Response(body, { status: 301, headers: { ...headers, "Content-Type": "text/html; charset=utf-8" } });
}
