import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { renderGoJson } from "../wire/go-json.ts";
import { escapeHtml } from "./html.ts";
import type { HttpRequest } from "./http-request.ts";
import { isLarge } from "./large-answers.ts";
import { Pieces } from "./pieces.ts";
import { renderInTurns } from "./render-in-turns.ts";

/** Header fields by name. The names are capitalized as Consul's are, because some clients compare them case-sensitively. */
export type HeaderFields = Readonly<Record<string, string>>;

export type Body = string | Uint8Array<ArrayBuffer> | Pieces;

/** A complete response that can be sent more than once. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body; null for a response without body and Content-Type. */
  readonly body: Body | null;
}

/** Minimum size for compression, in bytes: compressing a smaller answer would not save a network packet. */
const gzipBytesMin = 1400;

/** Returns the response for an answer: compressed if the client accepts gzip and that saves a packet; streamed if it is large. */
export function send(answer: Answer, request: HttpRequest): Response {
  const { raw } = request;
  if (!isLarge(answer.body)) return sendWhole(answer, raw);
  const { status, body } = answer;
  const isPacked = acceptsGzip(raw);
  const { all, length: size } = Pieces.of(body ?? "");
  const pieces = isPacked ? pack(all) : all;
  const stream = request.largeAnswers.body(request.peer, pieces, { size, signal: raw.signal });
  const response = new Response(stream, { status, headers: answer.headers });
  if (isPacked) response.headers.set("Content-Encoding", "gzip");
  return response;
}

/** Yields the pieces compressed. They are compressed in another thread, since 5 MiB take 10 ms. */
async function* pack(pieces: readonly Uint8Array<ArrayBuffer>[]): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const packing = Readable.from(pieces).pipe(createGzip({ level: 1, chunkSize: packedBytes }));
  for await (const packed of packing) if (packed instanceof Uint8Array) yield new Uint8Array(packed);
}

const packedBytes = 64 * 1_024;

/** Returns the response for an answer that is not large, with its body in one piece. */
export function sendWhole({ status, headers, body }: Answer, request: Request): Response {
  const whole = body instanceof Pieces ? Buffer.concat(body.all) : body;
  if (whole === null || whole.length < gzipBytesMin || !acceptsGzip(request))
    return new Response(whole, { status, headers });
  const response = new Response(Bun.gzipSync(whole, { level: 1 }), { status, headers });
  response.headers.set("Content-Encoding", "gzip");
  return response;
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

/** Does the same for a value with rows (see json-parts.ts): a long list is rendered in several turns of the event loop. */
export function jsonInTurns(request: HttpRequest, value: unknown): Response | Promise<Response> {
  const body = renderInTurns(value, { pretty: request.pretty });
  return body instanceof Promise ? body.then((bytes) => jsonText(request, bytes)) : jsonText(request, body);
}

/** Returns a response with rendered JSON. */
export function jsonText(
  request: HttpRequest,
  body: Body,
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

/** Returns the response with a file that is kept compressed with gzip. */
export function sendPacked({ raw }: HttpRequest, packed: Uint8Array<ArrayBuffer>, headers: HeaderFields): Response {
  const common = { ...headers, "X-Content-Type-Options": "nosniff", Vary: "Accept-Encoding" };
  return acceptsGzip(raw)
    ? new Response(packed, { headers: { ...common, "Content-Encoding": "gzip" } })
    : new Response(Bun.gunzipSync(packed), { headers: common });
}

/** Returns a redirect like Go's, which has a body only for GET and HEAD. */
export function moved(method: string, location: string): Response {
  const headers = { Location: location };
  if (method !== "GET" && method !== "HEAD") return new Response(null, { status: 301, headers });
  const body = `<a href="${escapeHtml(location)}">Moved Permanently</a>.\n\n`;
  return new Response(body, { status: 301, headers: { ...headers, "Content-Type": "text/html; charset=utf-8" } });
}
