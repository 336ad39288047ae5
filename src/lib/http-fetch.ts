import { type Environment, proxyFor } from "./proxy.ts";

/** How a request reaches its server. Both are options of Bun's fetch; Node and browsers ignore them. */
export interface Transport {
  /** Path of a Unix socket to connect to, whatever host the URL names. */
  readonly unix?: string;
  readonly tls?: Readonly<Record<string, unknown>>;
}

export interface HttpFetchOptions extends RequestInit, Transport {
  /** Environment with the proxy variables; by default that of the process. */
  readonly env?: Environment | undefined;
}

/**
 * Calls fetch with the proxy that proxyFor chooses. Praetor and its published client call fetch nowhere else: by default
 * Bun's fetch sends every request through HTTP_PROXY, also those for 127.0.0.1. Node's and browsers' fetch read no such
 * variables and ignore the option `proxy`.
 * @throws OperatingError as proxyFor, and whatever fetch throws
 */
export async function httpFetch(url: URL, { env, ...init }: HttpFetchOptions): Promise<Response> {
  const proxy = init.unix === undefined ? proxyOf(url, env) : undefined;
  // Bun: only false means "no proxy"; with undefined, null and "" the environment decides.
  const options: Readonly<Record<string, unknown>> = { ...init, proxy: proxy ?? false };
  return fetch(url, options);
}

/** Returns the URL of the proxy that httpFetch uses. Browsers have no environment. */
export function proxyOf(url: URL, env: Environment | undefined): string | undefined {
  return proxyFor(url, env ?? (typeof process === "undefined" ? {} : process.env));
}
