import { join } from "node:path";

/** A screen of web/screens/screens.ts, and an address at which a test finds it with data of the furnished agent. */
export interface TestedScreen {
  readonly title: string;
  /** The path below the UI's folder, without a slash at its beginning: "services/oven". */
  readonly path: string;
}

/** The addresses of the screens whose data depends on their address, by the pattern of the screen. */
const examples: Readonly<Record<string, readonly string[]>> = {
  "/services/:name": ["services/oven"],
  "/keys/*name": ["keys/edgex/", "keys/edgex/core/2.0/device-virtual/Writable/LogLevel"],
  "/search": ["search?q=info"],
};

/**
 * Returns all screens of the browser UI. The table is imported at run time, since it belongs to the program for browsers, whose
 * types these tests do not have.
 */
export async function testedScreens(): Promise<readonly TestedScreen[]> {
  const loaded: unknown = await import(join(import.meta.dir, "../../web/screens/screens.ts"));
  const table = typeof loaded === "object" && loaded !== null && "screens" in loaded ? loaded.screens : undefined;
  if (!Array.isArray(table) || table.length === 0) throw new Error("web/screens/screens.ts exports no screens");
  return table.flatMap((each: unknown) => {
    if (!isScreen(each)) throw new Error(`web/screens/screens.ts has a screen without pattern or title`);
    return pathsOf(each.pattern).map((path) => ({ title: each.title, path }));
  });
}

function pathsOf(pattern: string): readonly string[] {
  if (/[:*]/.test(pattern) && examples[pattern] === undefined)
    throw new Error(`the tests of screens need an example of ${pattern}`);
  return examples[pattern] ?? [pattern.slice(1)];
}

function isScreen(value: unknown): value is { readonly pattern: string; readonly title: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "pattern" in value &&
    typeof value.pattern === "string" &&
    "title" in value &&
    typeof value.title === "string"
  );
}
