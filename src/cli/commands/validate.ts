import { messageOf, OperatingError } from "../../lib/errors.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command, CommandIo } from "../command.ts";
import { localCommand, type LocalCall } from "../local-command.ts";

export const validateCommand: Command = localCommand({
  name: "validate",
  summary: "Validate config files/directories",
  synopsis: "[options] FILE_OR_DIRECTORY...",
  about:
    "Reads configuration files and folders as the agent does, without starting one, and reports errors with file, line and " +
    "column. Give all files of the agent: some may be invalid without the others.\n\nExit code: 0 if they are valid, else 1.",
  examples: [
    { what: "Before an agent is reloaded", command: "validate /etc/praetor.d" },
    { what: "A single file, by its exit code alone", command: "validate -quiet agent.hcl" },
  ],
  flags: [
    {
      name: "config-format",
      kind: "text",
      value: "hcl|json",
      help: "Read all files in this format, whatever their extensions.",
    },
    { name: "quiet", kind: "bool", value: "", help: "Print nothing if the files are valid." },
  ],
  run: validate,
});

async function validate({ words, flags, io }: LocalCall): Promise<void> {
  if (words.length === 0) throw new CommandFailure("Must specify at least one config file or directory");
  const format = flags.text("config-format") ?? "";
  if (!["", "hcl", "json"].includes(format)) throw new CommandFailure("-config-format must be either 'hcl' or 'json'");
  const paths = words.flatMap((path) => ["-config-file", path]);
  const warnings = await warningsOf([...paths, "-config-format", format], io.env);
  if (flags.bool("quiet")) return;
  for (const warning of warnings) io.stderr(`${warning}\n`);
  io.stdout("Configuration is valid!\n");
}

/**
 * Loads the configuration of an agent with these arguments; resolves with the warnings.
 * @throws CommandFailure if the configuration is invalid
 */
async function warningsOf(args: readonly string[], env: CommandIo["env"]): Promise<readonly string[]> {
  const [{ loadConfig }, { thisMachine }, { refuseFaults }, { formatPlace }, { planWatch }] = await Promise.all([
    import("../../config/load.ts"),
    import("../../config/this-machine.ts"),
    import("../../config/definitions.ts"),
    import("../../config/syntax-tree.ts"),
    import("../../client/watch-plan.ts"),
  ]);
  try {
    const config = loadConfig({ args, env, ...thisMachine() });
    refuseFaults(config);
    for (const { type, parameters } of config.watches) planWatch(type, parameters);
    const faults = config.definitionFaults.map(({ file, place, message }) => `${formatPlace(file, place)}: ${message}`);
    return [...config.warnings, ...faults];
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw new CommandFailure(`Config validation failed: ${messageOf(error)}`);
  }
}
