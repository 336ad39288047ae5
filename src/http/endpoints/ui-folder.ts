import { statSync } from "node:fs";
import { join } from "node:path";
import type { Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";

/**
 * Serves a folder as the UI. Consul: a path that leads to no file gets the folder's index.html, whose script finds its
 * own way from there; in it, {{.ContentPath}} stands for where it is served.
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

/** The path of the file of that name below the folder. */
function fileIn(folder: string, name: string): string | undefined {
  // Dots and slashes may come in encoded, so that no parser of URLs has resolved them.
  if (name.split(/[/\\]/).some((part) => part === "..")) return undefined;
  const path = join(folder, name);
  return isFile(path) ? path : undefined;
}

/** What cannot be looked at (a name that is too long, a file taken for a folder) is no file. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
