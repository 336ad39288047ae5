import type { RuntimeConfig } from "../../config/runtime-config.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command, CommandIo } from "../command.ts";
import { localCommand, type LocalCall } from "../local-command.ts";

export const validateCommand: Command = localCommand({
  name: "validate",
  summary: "Validate config files/directories",
  synopsis: "[options] FILE_OR_DIRECTORY...",
  about:
    "Reads configuration files and folders as the agent does, without starting one, names the files that it read, and reports " +
    "errors with file, line and column. Give all files of the agent: some may be invalid without the others.\n\n" +
    "Exit code: 0 if they are valid, else 1.",
  examples: [
    { what: "Before an agent is reloaded", command: "validate /etc/praetor.d" },
    { what: "A single file, by its exit code alone", command: "validate -quiet agent.hcl" },
    { what: "A schema for an editor of JSON files", command: "validate -schema >config.schema.json" },
  ],
  flags: [
    {
      name: "config-format",
      kind: "text",
      value: "hcl|json",
      help: "Read all files in this format, whatever their extensions.",
    },
    { name: "quiet", kind: "bool", value: "", help: "Print nothing if the files are valid." },
    { name: "schema", kind: "bool", value: "", help: "Print the JSON Schema of configuration files, and read none." },
  ],
  run: validate,
});

async function validate({ words, flags, io }: LocalCall): Promise<void> {
  if (flags.bool("schema")) {
    const { configurationSchema } = await import("../../config/json-schema.ts");
    io.stdout(`${JSON.stringify(configurationSchema(), undefined, 2)}\n`);
    return;
  }
  if (words.length === 0) throw new CommandFailure("Must specify at least one config file or directory");
  const format = flags.text("config-format") ?? "";
  if (!["", "hcl", "json"].includes(format)) throw new CommandFailure("-config-format must be either 'hcl' or 'json'");
  const paths = words.flatMap((path) => ["-config-file", path]);
  const { files, warnings } = await load([...paths, "-config-format", format], io.env);
  if (flags.bool("quiet")) return;
  // Scripts read what Consul prints on standard output.
  for (const file of files) io.stderr(`Read ${file}\n`);
  for (const warning of warnings) io.stderr(`${warning}\n`);
  io.stdout("Configuration is valid!\n");
}

type Loaded = Pick<RuntimeConfig, "files" | "warnings">;

/**
 * Loads the configuration of an agent with these arguments; resolves with the files that it read, and with the warnings.
 * @throws CommandFailure if the configuration is invalid
 */
async function load(args: readonly string[], env: CommandIo["env"]): Promise<Loaded> {
  const [{ loadConfig }, { thisMachine }, { refuseFaults }, { formatPlace }, { planWatch }, { compileKvSchemas }] =
    await Promise.all([
      import("../../config/load.ts"),
      import("../../config/this-machine.ts"),
      import("../../config/definitions.ts"),
      import("../../config/syntax-tree.ts"),
      import("../../client/watch-plan.ts"),
      import("../../config/kv-schemas.ts"),
    ]);
  try {
    const config = loadConfig({ args, env, ...thisMachine() });
    refuseFaults(config);
    await compileKvSchemas(config.kvSchemas);
    for (const { type, parameters } of config.watches) planWatch(type, parameters);
    const faults = config.definitionFaults.map(({ file, place, message }) => `${formatPlace(file, place)}: ${message}`);
    return { files: config.files, warnings: [...config.warnings, ...faults] };
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw new CommandFailure(`Config validation failed: ${messageOf(error)}`);
  }
}
