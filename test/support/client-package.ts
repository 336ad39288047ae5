import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A folder in which the packed client package and a program's dependencies are installed. */
export interface ClientInstallation extends Disposable {
  readonly folder: string;
  /** The paths that `npm pack` put into the package. */
  readonly packed: readonly string[];
  /**
   * Type-checks programs that use the package, including the declarations of libraries. Returns the output of tsc, which is ""
   * when tsc finds no error.
   */
  typeFaults(
    programs: readonly string[],
    options: { readonly lib: readonly string[]; readonly types: readonly string[] },
  ): string;
  /** Transpiles a TypeScript program to JavaScript, and starts it on the runtime. */
  start(runtime: Runtime, program: string): Bun.Subprocess<"ignore", "pipe", "pipe">;
  /** Runs a program until it exits; resolves with its output. */
  run(runtime: Runtime, program: string): Promise<string>;
}

type Runtime = "node" | "bun";

const root = resolve(import.meta.dir, "../..");

export function installClientPackage(): ClientInstallation {
  const folder = mkdtempSync(join(tmpdir(), "client-package-"));
  const built = join(folder, "built");
  runHere(folder, process.execPath, join(root, "scripts/npm-package/build.ts"), built);
  const [tarball] = JSON.parse(runHere(folder, "npm", "pack", "--json", "--offline", built)) as [Packed];
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  runHere(folder, "npm", "install", "--offline", "--no-audit", "--no-fund", `./${tarball.filename}`);
  const start: ClientInstallation["start"] = (runtime, program) => {
    const file = join(folder, "program.js");
    writeFileSync(file, new Bun.Transpiler({ loader: "ts" }).transformSync(program));
    const command = [runtime === "bun" ? process.execPath : "node", file];
    return Bun.spawn(command, { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  };
  return {
    folder,
    packed: tarball.files.map(({ path }) => path),
    start,
    typeFaults(programs, { types, lib }) {
      const files = programs.map((_program, at) => `program-${at}.ts`);
      for (const [at, program] of programs.entries()) writeFileSync(join(folder, `program-${at}.ts`), program);
      const compilerOptions = {
        ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
        ...{ target: "ES2022", module: "NodeNext", moduleResolution: "NodeNext" },
        ...{ lib, types, typeRoots: [join(root, "node_modules/@types")] },
      };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
      return Bun.spawnSync([join(root, "node_modules/.bin/tsc"), "-p", folder], { cwd: folder }).stdout.toString();
    },
    async run(runtime, program) {
      const { stdout, stderr } = start(runtime, program);
      return (await Promise.all([stdout, stderr].map((output) => new Response(output).text()))).join("");
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

function runHere(cwd: string, ...command: readonly string[]): string {
  const { success, stdout, stderr } = Bun.spawnSync([...command], { cwd });
  if (!success) throw new Error(`${command.join(" ")}: ${stderr.toString()}${stdout.toString()}`);
  return stdout.toString();
}
