import { edgexHelp, runEdgex } from "../../edgex/run-edgex.ts";
import type { Command } from "../command.ts";

export interface EdgexCommandOptions {
  /** The command line that starts this program; script checks run it. */
  readonly executable: readonly string[];
  /** Runs the agent with these arguments; resolves with its exit code. Calls `onServing` once the agent listens. */
  readonly startAgent: (args: readonly string[], onServing?: () => void) => Promise<number>;
}

/** Returns the command `praetor edgex`, which runs the agent as EdgeX Geneva's Consul container does. */
export function edgexCommand(options: EdgexCommandOptions): Command {
  return {
    name: "edgex",
    summary: "Runs the agent as EdgeX Geneva's Consul container does",
    help: edgexHelp,
    run: (args, io) => runEdgex(args, { ...io, ...options }),
  };
}
