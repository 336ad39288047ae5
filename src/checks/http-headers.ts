import type { OutgoingHttpHeaders } from "node:http";

export type HeaderLists = Readonly<Record<string, readonly string[]>>;

const defaults: Readonly<Record<string, string>> = {
  "User-Agent": "Consul Health Check",
  Accept: "text/plain, text/*, */*",
};

/** Those that describe the message itself: the connection decides them, not the definition. */
const ownHeaders: ReadonlySet<string> = new Set(["connection", "content-length", "transfer-encoding", "trailer"]);

/**
 * The headers of a check's request: what its definition says, names in its spelling, over the defaults that services
 * know health checks by. An empty value leaves the default. Consul asks for gzip too; what is not asked for need not
 * be unpacked.
 */
export function requestHeaders(defined: HeaderLists, url: URL, body: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { Host: url.host, ...defaults };
  for (const [name, values] of Object.entries(defined)) {
    const lowerName = name.toLowerCase();
    if (ownHeaders.has(lowerName)) continue;
    const replaced = Object.keys(headers).find((known) => known.toLowerCase() === lowerName);
    if (replaced === undefined) headers[name] = [...values];
    else if (values[0]) headers[replaced] = values[0];
  }
  headers["Connection"] = "close";
  if (body !== "") headers["Content-Length"] = Buffer.byteLength(body);
  return headers;
}

/** The definition's headers without those named, however they are spelt. */
export function withoutHeaders(defined: HeaderLists, names: readonly string[]): HeaderLists {
  return Object.fromEntries(Object.entries(defined).filter(([name]) => !names.includes(name.toLowerCase())));
}
