import { sendPacked } from "../answers.ts";
import type { HttpRequest } from "../http-request.ts";
import { HttpError } from "../http-error.ts";
import type { Endpoint } from "../route.ts";
import { pathOf } from "../sent-path.ts";
import type { WebFiles } from "../web-files.ts";

/*
 * The browser UI: files of web/, bundled and compressed. The names below assets/ carry the hash of the content, so a browser
 * keeps these files for ever; index.html it asks for each time. Each path that is no file gets index.html, whose script reads the
 * path. All addresses in the page are relative to the page's own, so the UI works behind a proxy that serves the agent below a
 * path, without knowing the path.
 */

const assets = "assets/";

export interface WebPages {
  /** The path of the UI, with a slash at the beginning and the end. */
  readonly contentPath: string;
  /** Whether the pages hide what changes something, since the agent refuses it. */
  readonly isReadOnly: boolean;
}

/** Serves the bundled UI. */
export function serveUi(files: WebFiles, pages: WebPages): Endpoint {
  return (request) =>
    request.rest.startsWith(assets)
      ? sendFile(files, request, request.rest.slice(assets.length))
      : sendIndex(files, request, pages);
}

async function sendFile(files: WebFiles, request: HttpRequest, name: string): Promise<Response> {
  const packed = name === indexName ? undefined : await files.read(name);
  if (packed === undefined) throw new HttpError(404, `the UI has no file ${name}: reload the page`);
  const type = types[name.slice(name.lastIndexOf("."))] ?? "application/octet-stream";
  return sendPacked(request, packed, { "Content-Type": type, "Cache-Control": "public, max-age=31536000, immutable" });
}

async function sendIndex(
  files: WebFiles,
  request: HttpRequest,
  { contentPath, isReadOnly }: WebPages,
): Promise<Response> {
  const packed = await files.read(indexName);
  if (packed === undefined) throw new HttpError(404, "the UI has no index.html");
  const root = rootOf(pathOf(request.target).slice(contentPath.length - 1));
  const written: Readonly<Record<string, string>> = {
    ...{ root, api: root + rootOf(contentPath) },
    readOnly: String(isReadOnly),
  };
  const page = Buffer.from(Bun.gunzipSync(packed))
    .toString()
    .replaceAll(/\{\{(root|api|readOnly)\}\}/g, (_, name: string) => written[name] ?? "");
  const etag = `"${Bun.hash(page).toString(36)}"`;
  const headers = { ...pageHeaders, ETag: etag };
  if (isKnown(request, etag)) return new Response(null, { status: 304, headers });
  return sendPacked(request, Bun.gzipSync(page), { ...headers, "Content-Type": "text/html; charset=utf-8" });
}

/** Returns whether the browser has the page. RFC 9110, 13.1.2: If-None-Match lists entity tags, and compares them weakly. */
function isKnown({ raw }: HttpRequest, etag: string): boolean {
  const known = raw.headers.get("if-none-match")?.split(",") ?? [];
  return known.some((each) => each.trim().replace(/^W\//, "") === etag);
}

/**
 * Returns the relative address of the folder above all parts of `path`: "./" for "/" and "/a", "../" for "/a/" and "/a/b".
 * @param path a path that begins with a slash, encoded
 */
export function rootOf(path: string): string {
  const depth = path.split("/").length - 2;
  return depth === 0 ? "./" : "../".repeat(depth);
}

const indexName = "index.html";

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

const pageHeaders = {
  "Cache-Control": "no-cache",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;
