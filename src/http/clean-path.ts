import { posix } from "node:path";

/**
 * Where a path leads that Go's server would not take as it is: without its empty, "." and ".." parts, encoded anew.
 * @param decoded the path with nothing encoded any more
 * @returns undefined when it is clean
 */
export function cleanPath(decoded: string): string | undefined {
  if (!mayBeUnclean.test(decoded)) return undefined;
  const clean = posix.normalize(decoded);
  return clean === decoded ? undefined : encodePath(clean);
}

/** Most paths are clean, and that is seen sooner than the clean one is made. */
const mayBeUnclean = /\/[/.]|^[^/]/;

/** As Go's net/url writes a path. */
function encodePath(path: string): string {
  return encodeURI(path).replace(/[?#!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
