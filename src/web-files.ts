import type { WebFiles } from "./http/web-files.ts";

/*
 * The files of the browser UI. This module is for an agent that runs from source: it bundles web/ when a browser first asks. In
 * the executable, scripts/web/embed-web.ts puts a module with the same export in its place, which has no bundler.
 */

let bundled: Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> | undefined;

export const webFiles: WebFiles = {
  async read(name) {
    bundled ??= import("../scripts/web/bundle-web.ts").then(({ bundleWeb }) => bundleWeb());
    return (await bundled).get(name);
  },
};
