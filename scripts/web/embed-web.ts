import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BunPlugin } from "bun";
import { bundleWeb } from "./bundle-web.ts";

/**
 * Returns a plugin of the bundler that puts the browser UI into an executable: in place of src/web-files.ts, which bundles web/ as
 * the agent runs, it loads a module with the same export whose files are part of the executable.
 * @param folder a folder for the files; it is emptied first
 */
export async function embedWeb(folder: string): Promise<BunPlugin> {
  const bundle = await bundleWeb();
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of bundle) writeFileSync(join(folder, `${name}.gz`), bytes);
  const names = [...bundle.keys()];
  const imports = names.map(
    (name, at) => `import file${at} from ${JSON.stringify(join(folder, `${name}.gz`))} with { type: "file" };`,
  );
  const rows = names.map((name, at) => `  [${JSON.stringify(name)}, () => Bun.file(file${at}).bytes()],`);
  const contents = `${imports.join("\n")}\nconst files = new Map([\n${rows.join("\n")}\n]);\n
export const webFiles = { read: async (name) => files.get(name)?.() };\n`;
  return {
    name: "embed-web",
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/]web-files\.ts$/ }, () => ({ contents, loader: "js" }));
    },
  };
}
