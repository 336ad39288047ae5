import { type ReadonlySignal, signal } from "@preact/signals";
import { root } from "../live/place.ts";

/* The router: paths are real (History API), so each can be sent to a colleague, and each is relative to the UI's folder. */

export interface Route {
  /** The path below the UI's folder, decoded by no one: "/services/web". */
  readonly path: string;
  readonly query: URLSearchParams;
}

const current = signal(routeOf(location));

export const route: ReadonlySignal<Route> = current;

function routeOf({ pathname, search }: Pick<Location, "pathname" | "search">): Route {
  return { path: `/${pathname.slice(root.pathname.length)}`, query: new URLSearchParams(search) };
}

/** Returns the address of a screen for a link. @param path such as "/services/web", encoded */
export function hrefOf(path: string): string {
  return root.pathname + path.slice(1);
}

/** Asks whether the screen may be left, such as one with unsaved changes. `leave` leaves it. */
type Guard = (leave: () => void) => void;
let guard: Guard | undefined;

/** Has the user asked before this screen is left, until the returned function is called. */
export function guardLeaving(ask: Guard): () => void {
  guard = ask;
  return () => {
    if (guard === ask) guard = undefined;
  };
}

/** Leaves the screen now, or when the user has agreed. */
function leaveBy(leave: () => void): void {
  if (!guard) return leave();
  guard(() => {
    guard = undefined;
    leave();
  });
}

/** Shows a screen. @param replace whether the present address is left out of the history */
export function go(path: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) show(path, { replace });
  else leaveBy(() => show(path, { replace }));
}

function show(path: string, { replace }: { readonly replace: boolean }): void {
  history[replace ? "replaceState" : "pushState"](null, "", hrefOf(path));
  current.value = routeOf(location);
  if (!replace) scrollTo(0, 0);
}

/** Sets a parameter of the screen's address, such as the filter of a list; "" removes it. */
export function setQuery(name: string, value: string): void {
  const { path, query } = current.peek();
  const changed = new URLSearchParams(query);
  if (value === "") changed.delete(name);
  else changed.set(name, value);
  go(`${path}${changed.size === 0 ? "" : `?${changed.toString()}`}`, { replace: true });
}

/** Follows the links of the page and the browser's buttons without loading the page anew. The page calls it once. */
export function startRouter(): void {
  addEventListener("popstate", () => {
    if (!guard) return void (current.value = routeOf(location));
    // The browser is at the other address already: the present one comes back until the user has agreed.
    const { path, query } = current.peek();
    history.pushState(null, "", hrefOf(path) + (query.size === 0 ? "" : `?${query.toString()}`));
    return leaveBy(() => history.back());
  });
  document.addEventListener("click", (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target !== "" || link.hasAttribute("download") || link.hash !== "") return;
    const { origin, pathname, search } = new URL(link.href);
    const isScreen = origin === root.origin && pathname.startsWith(root.pathname) && !pathname.endsWith("/plain");
    if (!isScreen) return;
    event.preventDefault();
    const to = routeOf({ pathname, search });
    go(to.path + search);
  });
}

/**
 * Returns the variable parts of a path, decoded; undefined if it does not match.
 * @param pattern such as "/services/:name"; a last part with a star takes the rest of the path, slashes too: "/keys/*name"
 */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const [before = "", rest] = pattern.split("*");
  if (rest !== undefined) return path.startsWith(before) ? { [rest]: decoded(path.slice(before.length)) } : undefined;
  const [names, parts] = [pattern.split("/"), path.split("/")];
  if (names.length !== parts.length) return undefined;
  const found: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const part = parts[at] ?? "";
    if (name.startsWith(":") && part !== "") found[name.slice(1)] = decoded(part);
    else if (name !== part) return undefined;
  }
  return found;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
