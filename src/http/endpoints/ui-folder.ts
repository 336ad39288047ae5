import { statSync } from "node:fs";
import { join } from "node:path";
import { HttpError } from "../http-error.ts";
import type { Endpoint } from "../route.ts";

/**
 * Serves a folder as the UI. Consul: a path without a file gets the folder's index.html, whose script reads the path. In
 * index.html, {{.ContentPath}} stands for the path of the UI.
 */
export function serveFolder(folder: string, contentPath: string): Endpoint {
  return async ({ rest }) => {
    const path = fileIn(folder, rest);
    if (path !== undefined && rest !== indexName) return new Response(Bun.file(path), { headers });
    const index = fileIn(folder, indexName);
    if (index === undefined) throw new HttpError(404, "the folder of the UI has no index.html");
    const page = await Bun.file(index).text();
    const filledIn = page.replaceAll(/\{\{\s*\.ContentPath\s*\}\}/g, contentPath);
    return new Response(filledIn, { headers: { ...headers, "Content-Type": "text/html; charset=utf-8" } });
  };
}

const indexName = "index.html";
const headers = { "X-Content-Type-Options": "nosniff" } as const;

/** Returns the path of a file below the folder; undefined if the folder has no file of that name. */
function fileIn(folder: string, name: string): string | undefined {
  // Encoded dots and slashes pass the URL parser unresolved.
  if (name.split(/[/\\]/).some((part) => part === "..")) return undefined;
  const path = join(folder, name);
  return isFile(path) ? path : undefined;
}

/** Returns whether the path is a file. Returns false for a path that stat refuses, as when a name in it is too long. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
