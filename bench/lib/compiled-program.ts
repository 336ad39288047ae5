import { join } from "node:path";
import { compileProgram } from "../../scripts/compile-program.ts";
import { Program } from "./program.ts";

/** A program of bench/programs, compiled to an executable like the agent, so that neither has an advantage. */
export class CompiledProgram {
  readonly #name: string;
  #executable: Promise<string> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Starts the program; compiles it at the first call. */
  async start(task: object): Promise<Program> {
    this.#executable ??= this.#compile();
    return new Program([await this.#executable], task);
  }

  async #compile(): Promise<string> {
    const repository = join(import.meta.dir, "../..");
    const executable = join(repository, "dist", `bench-${this.#name}`);
    const isCompiled = await compileProgram([join(repository, "bench/programs", `${this.#name}.ts`)], executable);
    if (!isCompiled) throw new Error(`bench/programs/${this.#name}.ts cannot be compiled`);
    return executable;
  }
}
