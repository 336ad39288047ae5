/** A kind of machine for which there is an executable. All run Linux: Bun, and so Praetor, has no runtime for 32-bit processors. */
export interface Target {
  /** The name in released files: "linux-arm64-musl". */
  readonly name: string;
  /** The npm package with Bun's runtime. */
  readonly runtimePackage: string;
  /** Bun's name of the kind of machine. */
  readonly compileTarget: Bun.Build.CompileTarget;
  /** Debian's name of the processor; undefined where Debian packages do not run. */
  readonly debianArchitecture?: string;
}

/**
 * Bun has one runtime for all amd64 processors: it needs SSE4.2 (Nehalem, 2008), and uses AVX2 where the processor has it. Its npm
 * packages named "baseline" contain the same file.
 */
export const targets: readonly Target[] = [
  {
    name: "linux-amd64",
    runtimePackage: "@oven/bun-linux-x64",
    compileTarget: "bun-linux-x64",
    debianArchitecture: "amd64",
  },
  { name: "linux-amd64-musl", runtimePackage: "@oven/bun-linux-x64-musl", compileTarget: "bun-linux-x64-musl" },
  {
    name: "linux-arm64",
    runtimePackage: "@oven/bun-linux-aarch64",
    compileTarget: "bun-linux-arm64",
    debianArchitecture: "arm64",
  },
  { name: "linux-arm64-musl", runtimePackage: "@oven/bun-linux-aarch64-musl", compileTarget: "bun-linux-arm64-musl" },
];
