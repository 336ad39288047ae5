import type { Clock } from "../../lib/clock.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { type LocalCall, localCommand } from "../local-command.ts";

/** A server that can be recovered. */
export interface RecoverableServer {
  /** The servers that are given up. */
  readonly others: readonly string[];
  /** The index of the newest write that the server has. */
  readonly index: number;
  readonly keys: number;
  readonly nodes: number;
  readonly sessions: number;
  carryOut(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the data folder of a server. @throws OperatingError when it must not be recovered, or cannot */
type Open = (folder: string, clock: Clock) => Promise<RecoverableServer>;

/** Returns the command `praetor operator recover`. */
export function operatorRecoverCommand(open: Open): Command {
  return localCommand({
    name: "operator recover",
    summary: "Makes a cluster of the one server that is left",
    synopsis: "[options]",
    about:
      "For a cluster that has lost most of its servers for good, and so has no leader. Run it on a server that is left, as the user of the " +
      "agent, while its agent is stopped. The server's next start begins a new cluster with its data, which other servers join. If " +
      "several servers are left, run it without -yes on each, and use the one with the highest index.\n\n" +
      "Without -yes it says what would be done and changes nothing.",
    examples: [
      { what: "Show what would be done", command: "operator recover -data-dir=/var/lib/praetor" },
      { what: "Recover", command: "operator recover -data-dir=/var/lib/praetor -yes" },
    ],
    flags: [
      { name: "data-dir", kind: "text", value: "folder", help: "The data folder of the agent." },
      { name: "yes", kind: "bool", value: "", help: "Recover, in the knowledge of what is lost." },
    ],
    words: 0,
    run: (call) => recover(call, open),
  });
}

async function recover({ flags, io }: LocalCall, open: Open): Promise<number> {
  const folder = flags.text("data-dir") ?? "";
  if (folder === "") throw new CommandFailure("Give the data folder of the agent: -data-dir=FOLDER");
  const server = await open(folder, io.clock);
  try {
    io.stdout(planText(server));
    if (!flags.bool("yes")) {
      io.stdout(`\nNothing was changed. To recover: praetor operator recover -data-dir=${folder} -yes\n`);
      return 1;
    }
    await server.carryOut();
    io.stdout(
      "\nRecovered. Start this server by the same command as before, without -bootstrap. Then start new servers, with empty data folders. " +
        "To let this server stand alone, start it with -bootstrap.\n",
    );
    return 0;
  } finally {
    await server.close();
  }
}

function planText({ others, index, keys, nodes, sessions }: RecoverableServer): string {
  const lost = others.toSorted().map((other) => `  ${other}\n`);
  return (
    `This server has all writes up to index ${index}: ${keys} keys, ${nodes} nodes, ${sessions} sessions.\n\n` +
    `These servers do not answer, and are given up:\n${lost.join("")}\n` +
    "- Writes that they have and this server lacks are lost, also if clients were told that they are done.\n" +
    "- Their data are of no use any more: this server refuses them if they come back. Before another start, move their data folders away.\n" +
    "- The indexes go on, and keys, sessions, locks and the catalog stay.\n"
  );
}
