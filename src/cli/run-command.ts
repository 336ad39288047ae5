import type { Command, CommandIo } from "./command.ts";

/** Finds the command that the words name and runs it; without one, or with -h, tells which there are. */
export async function runCommand(
  words: readonly string[],
  commands: readonly Command[],
  io: CommandIo,
): Promise<number> {
  const [first, ...args] = words;
  if (first === undefined || /^(--?h|--?help|help)$/.test(first)) {
    io.stdout(usage(commands));
    // Consul: without a command the usage is an error.
    return first === undefined ? 127 : 0;
  }
  const name = /^--?(v|version)$/.test(first) ? "version" : first;
  const command = commands.find((known) => known.name === name);
  if (command) return command.run(args, io);
  io.stderr(`praetor: there is no command ${JSON.stringify(first)}\n\n${usage(commands)}`);
  return 127;
}

function usage(commands: readonly Command[]): string {
  const lines = commands
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, summary }) => `    ${name.padEnd(10)} ${summary}`);
  return `Usage: praetor [--version] [--help] <command> [<args>]\n\nAvailable commands are:\n${lines.join("\n")}\n`;
}
