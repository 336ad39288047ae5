import { edgexHelp, runEdgex } from "../../edgex/run-edgex.ts";
import type { Command } from "../command.ts";

export interface EdgexCommandOptions {
  /** The command that starts this program, for script checks. */
  readonly executable: readonly string[];
  /** Runs the agent with these arguments; resolves with its exit code. Calls `onServing` once it listens. */
  readonly startAgent: (args: readonly string[], onServing?: () => void) => Promise<number>;
}

/** `praetor edgex`: the agent as EdgeX Geneva's Consul container runs it. */
export function edgexCommand(options: EdgexCommandOptions): Command {
  return {
    name: "edgex",
    summary: "Runs the agent as EdgeX Geneva's Consul container does",
    help: edgexHelp,
    run: (args, io) => runEdgex(args, { ...io, ...options }),
  };
}
