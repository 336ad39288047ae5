/**
 * Bun's runtime options for the executable. Request headers may take 64 KiB: Bun's 16 KiB are too few for some clients behind
 * proxies, and Consul's 1 MiB is more than a small gateway can hold for each client that sends its headers slowly.
 */
export const runtimeOptions: readonly string[] = ["--max-http-header-size=65536"];

/**
 * Compiles Bun's runtime and the entry points into an executable that runs the first entry point. The other entry points are
 * workers, which the bundler does not find through `new Worker(...)`. Logs errors; returns whether the build succeeded.
 */
export async function compileProgram(entrypoints: string[], outfile: string): Promise<boolean> {
  // Bytecode saves parsing at each start: 70 instead of 170 ms until the first durable write. The executable must not read .env
  // or bunfig.toml from its working directory.
  const { success, logs } = await Bun.build({
    entrypoints,
    compile: {
      outfile,
      execArgv: [...runtimeOptions],
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
    format: "esm",
    minify: { syntax: true, whitespace: true },
    bytecode: true,
  });
  for (const log of logs) console.error(log.message);
  return success;
}
