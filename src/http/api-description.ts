import { join } from "node:path";

/*
 * The description of the API, docs/openapi.json. This module is for an agent that runs from source. In the executable,
 * scripts/openapi/embed-description.ts puts a module with the same export in its place.
 */

/** Resolves with the description, compressed with gzip. */
export async function readApiDescription(): Promise<Uint8Array<ArrayBuffer>> {
  return Bun.gzipSync(await Bun.file(join(import.meta.dir, "../../docs/openapi.json")).bytes());
}
