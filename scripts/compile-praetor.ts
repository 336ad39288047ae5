import { resolve } from "node:path";
import { compileProgram, type Runtime } from "./compile-program.ts";
import { embedDescription } from "./openapi/embed-description.ts";
import { embedWeb } from "./web/embed-web.ts";

const workers = ["src/engine/sqlite/worker.ts", "src/cluster/own-etcd/worker.ts", "src/doctor/worker.ts"];

/**
 * Compiles all of src/ and the browser UI into an executable, from the root of the repository. Logs errors; returns whether the
 * build succeeded.
 * @param runtime default: the one for this machine
 */
export async function compilePraetor(outfile: string, runtime?: Runtime): Promise<boolean> {
  const plugins = [await embedWeb(resolve("dist/web")), await embedDescription("dist")];
  return compileProgram(["src/main.ts", ...workers], outfile, { plugins, runtime });
}
