import { closest } from "../lib/closest.ts";
import type { Command, CommandIo } from "./command.ts";

/*
 * cli/ has the commands of `praetor`. Each has a file in commands/, which exports a Command, or shares one with the others of
 * its group (acl-role.ts); larger ones have a folder besides (acl/, doctor/, migration/, top/, completion/, tls/). Most commands
 * are clients of an agent's HTTP API (api-command.ts); a few work on this machine alone (local-command.ts); `agent` and `edgex`
 * run the agent.
 *
 * Life cycle: main.ts ─▶ runCommand ─▶ the command's flags are parsed ─▶ its function runs ─▶ exit code.
 *
 * Invariants: a command reaches the process only through CommandIo, so that tests run it in their own process. Results go to
 * stdout, errors and progress to stderr. Tables and colours are for terminals only; each command that prints a table also prints
 * JSON.
 */

/** Exit codes. Consul: 1 for a group without a command, 127 for an unknown command. */
const exitCodes = { ok: 0, groupAlone: 1, unknown: 127 } as const;

/** Flags that praetor accepts in place of a command, and the arguments that each stands for. */
const aliases: ReadonlyMap<string, readonly string[]> = new Map([
  ["-v", ["version"]],
  ["-version", ["version"]],
  ["-autocomplete-install", ["completion", "-install"]],
  ["-autocomplete-uninstall", ["completion", "-uninstall"]],
]);

/**
 * Runs the command that the first arguments name; without arguments, or with -h, prints the list of commands. Resolves with the
 * exit code.
 *
 * A command is a name, a summary and a function of its arguments and `CommandIo`, the parts of the process that it may use. The
 * function resolves with the exit code. At a CommandFailure the command prints the failure's message and exits with the failure's
 * code; at wrong usage it also prints how to get help.
 */
export async function runCommand(
  words: readonly string[],
  commands: readonly Command[],
  io: CommandIo,
): Promise<number> {
  const [first = "", ...args] = words;
  if (words.length === 0) return print(io.stderr, usage(commands), exitCodes.unknown);
  if (isHelp(first)) return print(io.stdout, usage(commands), exitCodes.ok);
  const alias = aliases.get(first.replace(/^--/, "-"));
  if (alias) return runCommand(alias, commands, io);
  const command = commands.find((known) => known.name === first);
  if (command) return command.run(args, io);
  const group = commands.filter((known) => known.name.startsWith(`${first} `));
  if (group.length > 0) return runInGroup(first, { args, commands: group, io });
  const known = [...new Set(commands.map(({ name }) => firstWord(name)))];
  return print(io.stderr, unknownCommand("praetor", first, known), exitCodes.unknown);
}

/** Runs a command of a group. Groups nest: "operator raft list-peers". */
async function runInGroup(
  group: string,
  {
    args,
    commands,
    io,
  }: { readonly args: readonly string[]; readonly commands: readonly Command[]; readonly io: CommandIo },
): Promise<number> {
  const [word, ...rest] = args;
  if (word === undefined) return print(io.stderr, groupUsage(group, commands), exitCodes.groupAlone);
  if (isHelp(word)) return print(io.stdout, groupUsage(group, commands), exitCodes.ok);
  const name = `${group} ${word}`;
  const command = commands.find((known) => known.name === name);
  if (command) return command.run(rest, io);
  const inner = commands.filter((known) => known.name.startsWith(`${name} `));
  if (inner.length > 0) return runInGroup(name, { args: rest, commands: inner, io });
  const known = commands.map((each) => firstWord(each.name.slice(group.length + 1)));
  return print(io.stderr, unknownCommand(`praetor ${group}`, word, known), exitCodes.groupAlone);
}

function print(write: (text: string) => void, text: string, code: number): number {
  write(text);
  return code;
}

function isHelp(word: string): boolean {
  return /^(--?h|--?help|help)$/.test(word);
}

/**
 * Returns the message about an unknown command, which suggests a similar one.
 * @param program the words before the unknown command: "praetor", "praetor kv"
 */
function unknownCommand(program: string, word: string, known: readonly string[]): string {
  const meant = closest(word, known);
  const advice = meant === undefined ? "" : ` Did you mean '${program} ${meant}'?`;
  return `${program}: unknown command ${JSON.stringify(word)}.${advice} '${program} --help' lists the commands.\n`;
}

function usage(commands: readonly Command[]): string {
  const lines = new Map<string, string>();
  for (const { name, summary } of commands) {
    const word = firstWord(name);
    lines.set(word, word === name ? summary : (groupSummaries[word] ?? summary));
  }
  return `Usage: praetor [--version] [--help] <command> [<args>]\n\nAvailable commands are:\n${table(lines)}`;
}

function groupUsage(group: string, commands: readonly Command[]): string {
  const lines = new Map(commands.map(({ name, summary }) => [name.slice(group.length + 1), summary]));
  const example = commands[0]?.name ?? group;
  return (
    `Usage: praetor ${group} <subcommand> [options] [args]\n\n  ${groupSummaries[group] ?? ""}\n\n` +
    `Subcommands:\n${table(lines)}\nFor examples, ask a subcommand for help: praetor ${example} --help\n`
  );
}

function table(lines: ReadonlyMap<string, string>): string {
  const width = Math.max(...[...lines.keys()].map((name) => name.length));
  const sorted = [...lines].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, summary]) => `    ${name.padEnd(width)}    ${summary}\n`).join("");
}

function firstWord(name: string): string {
  return name.split(" ", 1)[0] ?? name;
}

/** Descriptions of the groups of commands, by group. */
const groupSummaries: Readonly<Record<string, string>> = {
  acl: "Manage access control",
  "acl auth-method": "Ways to log in with a credential of another system",
  "acl binding-rule": "Which rights those who log in have",
  "acl policy": "Named rules, which tokens and roles link to",
  "acl role": "Named sets of policies, which tokens link to",
  "acl token": "Tokens: whom the agent knows, and what each may do",
  catalog: "Interact with the catalog",
  kv: "Interact with the key-value store",
  operator: "Tools for operators of servers",
  "operator autopilot": "Settings of Autopilot, by which servers manage their cluster",
  "operator raft": "The peers of Raft",
  services: "Interact with services",
  snapshot: "Save, restore and inspect snapshots of the server's state",
  tls: "Create a certificate authority and certificates",
  "tls ca": "The certificate authority",
  "tls cert": "Certificates of servers, clients and the command line",
};
