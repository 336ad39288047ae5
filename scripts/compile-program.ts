import type { BunPlugin } from "bun";

/**
 * Bun's runtime options for the executable. Request headers may take 64 KiB: Bun's 16 KiB are too few for some clients behind
 * proxies, and Consul's 1 MiB is more than a small gateway can hold for each client that sends its headers slowly.
 */
export const runtimeOptions: readonly string[] = ["--max-http-header-size=65536"];

/** Bun's runtime for another kind of machine than this one. */
export interface Runtime {
  /** The path of the file with the runtime. */
  readonly path: string;
  /** Bun's name of the kind of machine: "bun-linux-arm64-musl". */
  readonly target: Bun.Build.CompileTarget;
}

export interface CompileOptions {
  readonly plugins?: BunPlugin[];
  /** Default: the runtime that runs this code. */
  readonly runtime?: Runtime | undefined;
}

/**
 * Compiles Bun's runtime and the entry points into an executable that runs the first entry point. The other entry points are
 * workers, which the bundler does not find through `new Worker(...)`. The bytes depend on the sources, the packages and the
 * runtime alone, not on the folder or the time. Logs errors; returns whether the build succeeded.
 */
export async function compileProgram(
  entrypoints: string[],
  outfile: string,
  { plugins = [], runtime }: CompileOptions = {},
): Promise<boolean> {
  // Bytecode saves parsing at each start: 70 instead of 170 ms until the first durable write. The executable must not read .env
  // or bunfig.toml from its working directory.
  const { success, logs } = await Bun.build({
    entrypoints,
    plugins,
    compile: {
      outfile,
      execArgv: [...runtimeOptions],
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
      ...(runtime !== undefined && { target: runtime.target, executablePath: runtime.path }),
    },
    // The bundler would write the folder of this repository into the executable.
    define: { __dirname: '"/"' },
    format: "esm",
    minify: { syntax: true, whitespace: true },
    bytecode: true,
    // Loads dynamic imports when they run: an agent at rest has 4 MiB less, and its start takes a fifth less work.
    splitting: true,
  });
  for (const log of logs) console.error(log.message);
  return success;
}
