import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { httpFetch } from "../../lib/http-fetch.ts";

export interface JsonRequest {
  readonly url: string;
  /** The certificates, as PEM, that the server's one must descend from; "" for those of the system. */
  readonly authority: string;
  readonly clock: Clock;
  /** The bearer token to send; "" for none. */
  readonly token?: string;
  /** The body of a POST; without one the request is a GET. */
  readonly body?: object;
  /** The time within which the other system must answer, in milliseconds; default: 30 s. */
  readonly msMax?: number;
}

/** Returns the value of a JSON text; undefined if it is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Maximum size of an answer, in bytes. */
const bytesMax = 1 << 20;

/** Asks another system. Returns the status, and the body as text. @throws Error with Go's text for a failed request */
export async function fetchText(asked: JsonRequest): Promise<{ readonly status: number; readonly text: string }> {
  const { url, authority, clock, token = "", body, msMax = 30_000 } = asked;
  const method = body === undefined ? "Get" : "Post";
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol))
    throw new Error(`${method} ${JSON.stringify(url)}: unsupported protocol scheme ""`);
  const abort = new AbortController();
  const timer = clock.schedule(msMax, () => abort.abort(new Error("context deadline exceeded")));
  try {
    const response = await httpFetch(parsed, {
      ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
      ...(authority !== "" && { tls: { ca: authority } }),
      headers: {
        Accept: "application/json",
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(token !== "" && { Authorization: `Bearer ${token}` }),
      },
      signal: abort.signal,
    });
    return { status: response.status, text: await readText(response) };
  } catch (error) {
    throw new Error(`${method} ${JSON.stringify(url)}: ${whyOf(error, parsed)}`, { cause: error });
  } finally {
    timer.cancel();
  }
}

async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const stream: AsyncIterable<Uint8Array> | null = body;
  for await (const chunk of stream ?? []) {
    size += chunk.length;
    if (size > bytesMax) throw new Error(`the answer has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function whyOf(error: unknown, { hostname, port, protocol }: URL): string {
  const isRefused = error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
  if (!isRefused) return messageOf(error);
  return `dial tcp ${hostname}:${port || (protocol === "https:" ? 443 : 80)}: connect: connection refused`;
}
