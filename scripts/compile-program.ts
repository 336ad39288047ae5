/**
 * Options of Bun's that the executable runs with. The head of a request may have 64 KiB: Bun's 16 KiB are too few for some clients
 * behind proxies, and Consul's 1 MiB is more than a small gateway can keep for each client that sends its head slowly.
 */
export const runtimeOptions: readonly string[] = ["--max-http-header-size=65536"];

/**
 * Makes one executable of Bun's runtime and programs, of which the first runs. A worker is a program of its own inside the
 * executable: the bundler does not find it from `new Worker(...)`. Returns whether that went well; if not, why is told.
 */
export async function compileProgram(entrypoints: string[], outfile: string): Promise<boolean> {
  // Bytecode saves the parsing at each start: from 170 to 70 ms until the first durable write. The executable must not read
  // .env, bunfig.toml and the like from whatever folder it is started in.
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
