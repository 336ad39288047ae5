/**
 * Returns whether a browser sent the request. Scripts of pages cannot remove these headers: Origin and Sec-Fetch-Site are the
 * browser's, and Accept-Language is in each of its requests. The fetch of Node sends Accept-Language too, but with a
 * Sec-Fetch-Mode and no Sec-Fetch-Site, which browsers send together.
 */
export function isBrowsers({ headers }: Request): boolean {
  if (headers.has("origin") || headers.has("sec-fetch-site")) return true;
  return headers.has("accept-language") && !headers.has("sec-fetch-mode");
}
