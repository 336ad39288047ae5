import { type Environment, proxyFor } from "./proxy.ts";

/** Options of Bun's fetch that determine how a request reaches its server. Node and browsers ignore them. */
export interface Transport {
  /** Path of a Unix socket to connect to, whatever host the URL names. */
  readonly unix?: string;
  readonly tls?: Readonly<Record<string, unknown>>;
}

export interface HttpFetchOptions extends RequestInit, Transport {
  /** The environment with the proxy variables; by default the environment of the process. */
  readonly env?: Environment | undefined;
}

/**
 * Calls fetch with the proxy that proxyFor chooses. This is the only caller of fetch in Praetor and its published client,
 * because Bun's fetch by itself sends every request through HTTP_PROXY, even a request for 127.0.0.1. The fetch of Node and of
 * browsers reads no proxy variables and ignores the option `proxy`.
 * @throws OperatingError in the same cases as proxyFor; any error of fetch
 */
export async function httpFetch(url: URL, { env, ...init }: HttpFetchOptions): Promise<Response> {
  const proxy = init.unix === undefined ? proxyOf(url, env) : undefined;
  // Bun: only false means "no proxy"; with undefined, null and "" the environment decides.
  const options: Readonly<Record<string, unknown>> = { ...init, proxy: proxy ?? false };
  return fetch(url, options);
}

/** Returns the URL of the proxy that httpFetch uses; undefined without one, as in browsers, which have no environment. */
export function proxyOf(url: URL, env: Environment | undefined): string | undefined {
  return proxyFor(url, env ?? (typeof process === "undefined" ? {} : process.env));
}
