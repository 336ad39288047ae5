import manifest from "../../package.json" with { type: "json" };
import { join } from "node:path";

/** The browser UI as the agent serves it: file name to the file's bytes, compressed with gzip. */
export type WebBundle = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

const web = join(import.meta.dir, "../../web");
/** Each entry point of the browser UI, and the name by which index.html refers to its file. */
const entries = {
  script: join(web, "main.tsx"),
  worker: join(web, "live/shared-worker.ts"),
  style: join(web, "styles/praetor.css"),
} as const;

/**
 * Bundles web/ for browsers: index.html, and files whose names carry the hash of their content. index.html keeps the places
 * {{root}}, {{api}} and {{readOnly}}, which the agent fills in.
 * @throws AggregateError with the bundler's messages
 */
export async function bundleWeb(): Promise<WebBundle> {
  const { outputs } = await Bun.build({
    entrypoints: Object.values(entries),
    target: "browser",
    format: "esm",
    splitting: true,
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    naming: { entry: "[name]-[hash].[ext]", chunk: "chunk-[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
  });
  const names = outputs.map(({ path }) => path.replace(/^.*\//, ""));
  const nameOf = (entry: string): string => {
    const stem = entry.replace(/^.*\/|\.\w+$/g, "");
    const name = names.find((each) => each.startsWith(`${stem}-`));
    if (name === undefined) throw new Error(`the bundler made no file of ${entry}: only ${names.join(", ")}`);
    return name;
  };
  const template = await Bun.file(join(web, "index.html")).text();
  const index = Object.entries(entries).reduce(
    (page, [place, entry]) => page.replaceAll(`{{${place}}}`, nameOf(entry)),
    template.replace("{{version}}", manifest.version),
  );
  const files = await Promise.all(
    outputs.map(async (file, at) => [names[at] ?? "", gzip(new Uint8Array(await file.arrayBuffer()))] as const),
  );
  return new Map([["index.html", gzip(Buffer.from(index))] as const, ...files]);
}

function gzip(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return Bun.gzipSync(bytes, { level: 9 });
}
