import { posix } from "node:path";
import type { BunRequest, Server } from "bun";

/*
 * The path of a request as the client sent it.
 *
 * `Request.url` differs: the WHATWG URL parser resolves "." and ".." parts (also "%2e") and turns a backslash into a
 * slash, so a write of the key `a\b` would reach `a/b`. Bun cuts the parameters of its routes from the request target
 * itself, and only percent-decodes them. A parameter matches one part that is not empty, so there is a route for each
 * number of parts and for each place of an empty part:
 *
 *   /v1/kv/a\b     /:p0/:p1/:p2         v1 kv a\b
 *   /v1/kv/a//b    /:p0/:p1/:p2//:p4    v1 kv a "" b
 *   /v1/kv/        /:p0/:p1/            v1 kv ""
 *
 * A later version of Bun may match routes against the parsed URL instead: the tests of this file fail then.
 */

type Parts = readonly string[];
type Answer = (request: Request, server: Server<undefined>, path: SentPath) => Response | Promise<Response>;
type Routes = Record<string, (request: BunRequest, server: Server<undefined>) => Response | Promise<Response>>;

/** Maximum number of parts of a path: `/v1/kv/` and 30 more. */
export const partsMax = 32;
/** Maximum number of parts of a path that has an empty part before its end. */
export const emptyPartsMax = 8;

/** The parts between a path's slashes, percent-decoded. */
export class SentPath {
  readonly #params: Readonly<Record<string, string>>;
  readonly #shape: Parts;

  /** Creates the path from a route's parameters. @param shape the name of each part in `params`; "" for an empty part */
  constructor(params: Readonly<Record<string, string>>, shape: Parts) {
    this.#params = params;
    this.#shape = shape;
  }

  /** Returns the path that an encoded path stands for. @param path such as one that `sentTarget` returns */
  static of(path: string): SentPath {
    const parts = splitPath(path) ?? ["\uFFFD"];
    const names = parts.map((part, at) => (part === "" ? "" : `p${at}`));
    return new SentPath(Object.fromEntries(names.map((name, at) => [name, parts[at] ?? ""])), names);
  }

  /**
   * Returns whether the path has exactly these parts. Allocates no list, since the router calls this for nearly every request, to
   * find a kept answer.
   */
  is(parts: Parts | undefined): boolean {
    const params = this.#params;
    const shape = this.#shape;
    if (parts?.length !== shape.length) return false;
    for (let at = 0; at < shape.length; at++) {
      const name = shape[at] ?? "";
      if (parts[at] !== (name === "" ? "" : params[name])) return false;
    }
    return true;
  }

  /**
   * The parts: ["v1", "kv", "a\\b"]; undefined for a path that is not UTF-8, has a broken escape, or holds U+FFFD, which
   * Bun puts in place of octets that are not UTF-8.
   */
  get parts(): Parts | undefined {
    const parts: string[] = [];
    for (const name of this.#shape) {
      const part = name === "" ? "" : (this.#params[name] ?? "");
      if (part.includes("\uFFFD")) return undefined;
      parts.push(part);
    }
    return parts;
  }
}

/** Returns the error text for a path whose `parts` are undefined, with the text of Go's server if that has such an error. */
export function whyUnreadable({ url }: Request): string {
  if (/%(?![0-9a-f]{2})/i.test(url)) return "400 Bad Request";
  return "the path must be UTF-8 text without U+FFFD";
}

/** Returns path and query of a URL. The URL of a request without a valid Host header begins with the path. */
export function targetOf(url: string): string {
  return url.startsWith("/") ? url : url.slice(url.indexOf("/", url.indexOf("://") + 3));
}

/**
 * Returns path and query as the client sent them, encoded. GETs with equal targets are the same read.
 * @param target path and query of the request's URL
 * @param parts the parts of the path as sent
 */
export function sentTarget(target: string, parts: Parts): string {
  const path = `/${parts.join("/")}`;
  // The path equals its encoded parts, so the URL parser has not changed it.
  if (target === path || (target.startsWith(path) && target[path.length] === "?")) return target;
  const urlPath = pathOf(target);
  const urlParts = splitPath(urlPath);
  const isSame = urlParts?.length === parts.length && urlParts.every((part, at) => part === parts[at]);
  return isSame ? target : encodePath(parts) + target.slice(urlPath.length);
}

/** Returns the path of a target, without its query. */
export function pathOf(target: string): string {
  const queryAt = target.indexOf("?");
  return queryAt < 0 ? target : target.slice(0, queryAt);
}

/** Returns routes for `Bun.serve`. A path with more parts, or more empty parts, than the limits above matches no route. */
export function routesBySentPath(answer: Answer): Routes {
  const routes: Routes = {};
  for (const shape of shapes()) {
    const pattern = `/${shape.map((name) => (name === "" ? "" : `:${name}`)).join("/")}`;
    routes[pattern] = (request, server) => answer(request, server, new SentPath(request.params, shape));
  }
  return routes;
}

/** Yields each shape of a path: a name for each part, "" for an empty part. */
function* shapes(): Generator<Parts> {
  const names = Array.from({ length: partsMax }, (_, at) => `p${at}`);
  for (let count = 0; count <= partsMax; count++) {
    const full = names.slice(0, count);
    if (count > 0) yield full;
    if (count < partsMax) yield [...full, ""];
    if (count >= emptyPartsMax) continue;
    for (let at = 0; at < count; at++) {
      const holed = full.with(at, "");
      if (at < count - 1) yield holed;
      yield [...holed, ""];
    }
  }
}

/** Returns the decoded parts of an encoded path; undefined if the path cannot be decoded. */
export function splitPath(path: string): Parts | undefined {
  const parts = path.slice(1).split("/");
  if (!path.includes("%")) return parts;
  try {
    return parts.map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** Returns the encoded path of these parts, as Go's net/url writes it; a slash within a part is encoded. */
export function encodePath(parts: Parts): string {
  return `/${parts.map(encodePart).join("/")}`;
}

function encodePart(part: string): string {
  return encodeURI(part).replace(/[/?#!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Returns the path to which Go's server redirects a path with empty, "." or ".." parts; undefined if the path has none of these.
 * Consul also splits at encoded slashes, so it cannot deregister a service whose id is a URL. Praetor does not split at "%2F".
 */
export function cleanPath(parts: readonly string[]): string | undefined {
  return parts.some(isUnclean) ? posix.normalize(encodePath(parts)) : undefined;
}

function isUnclean(part: string, at: number, { length }: readonly string[]): boolean {
  return part === "." || part === ".." || (part === "" && at < length - 1);
}
