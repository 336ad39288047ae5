import { OperatingError } from "../../lib/errors.ts";
import { parseGoFlags } from "../../lib/go-flags.ts";
import { consulVersion } from "../../model/consul-version.ts";
import type { Command, CommandFlag, CommandIo } from "../command.ts";
import { Flags } from "../flags.ts";
import { formatHelp } from "../help-text.ts";

const flags: readonly CommandFlag[] = [
  { name: "format", kind: "text", value: "pretty|json", help: "Lines (pretty, the default), or JSON for programs." },
];

/** `praetor version`. */
export function versionCommand(version: string): Command {
  return {
    name: "version",
    summary: "Prints the Praetor version",
    help: formatHelp({
      name: "version",
      synopsis: "[options]",
      about:
        "Prints the version of the Consul whose interfaces this program speaks, and its own. Consul's comes first: " +
        "scripts look for it in the first line.",
      examples: [{ what: "For programs", command: "version -format=json" }],
      flags,
      sharedFlags: [],
    }),
    flags,
    async run(args, io) {
      return printVersion(args, { version, help: this.help, io });
    },
  };
}

function printVersion(
  args: readonly string[],
  { version, help, io }: { readonly version: string; readonly help: string; readonly io: CommandIo },
): number {
  try {
    const parsed = parseGoFlags(args, flags);
    io.stdout(parsed.helpAsked ? help : formatVersion(version, new Flags(parsed).text("format") ?? "pretty"));
    return 0;
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    io.stderr(`${error.message}\n`);
    return 1;
  }
}

function formatVersion(version: string, format: string): string {
  if (format === "pretty") return `Consul v${consulVersion}\nPraetor v${version}, which speaks its interfaces\n`;
  if (format !== "json") throw new OperatingError("invalid", "invalid-flag", `Unknown format: ${format}`);
  // Consul: the names and the layout of its own.
  const json = { Version: consulVersion, Revision: "", Prerelease: "", RPC: { Default: 2, Min: 2, Max: 3 } };
  return `${JSON.stringify({ ...json, Praetor: version }, undefined, 3)}\n`;
}
