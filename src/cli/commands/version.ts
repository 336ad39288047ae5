import { consulVersion } from "../../model/consul-version.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { localCommand } from "../local-command.ts";
import { formatFlag } from "../output-format.ts";

/** Returns the command `praetor version`; `version` is Praetor's own version, as in 0.1.0. */
export function versionCommand(version: string): Command {
  return localCommand({
    name: "version",
    summary: "Prints the Praetor version",
    synopsis: "[options]",
    about:
      "Prints the version of Consul whose interfaces this program has, and its own. Consul's comes first, since scripts read it " +
      "from the first line.",
    examples: [{ what: "For programs", command: "version -format=json" }],
    flags: [formatFlag],
    run({ flags, io }) {
      io.stdout(formatVersion(version, flags.text("format") ?? "pretty"));
      return Promise.resolve();
    },
  });
}

function formatVersion(version: string, format: string): string {
  if (format === "pretty") return `Consul v${consulVersion}\nPraetor v${version}, which speaks its interfaces\n`;
  if (format !== "json") throw new CommandFailure(`Unknown format: ${format}`);
  // Consul: its JSON has these names, in this order and layout.
  const json = { Version: consulVersion, Revision: "", Prerelease: "", RPC: { Default: 2, Min: 2, Max: 3 } };
  return `${JSON.stringify({ ...json, Praetor: version }, undefined, 3)}\n`;
}
