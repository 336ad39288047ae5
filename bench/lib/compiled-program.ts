import { join } from "node:path";
import { compileProgram } from "../../scripts/compile-program.ts";
import { Program } from "./program.ts";

/** A program of bench/programs, compiled to an executable as the agent is, so that a comparison with the agent is fair. */
export class CompiledProgram {
  readonly #name: string;
  #executable: Promise<string> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** Starts the program with a task. The first call also compiles the program. */
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
