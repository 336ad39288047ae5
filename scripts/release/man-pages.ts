import type { Command } from "../../src/cli/command.ts";
import type { Source } from "./source.ts";

/**
 * Returns the manual of the program in roff, as file name to text: praetor.1, and a page for each command, made of the command's
 * help: praetor-kv-get.1.
 */
export function manPages(commands: readonly Command[], source: Source): ReadonlyMap<string, string> {
  const sorted = commands.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return new Map([
    ["praetor.1", overview(sorted, source)],
    ...sorted.map((command) => [`${pageOf(command)}.1`, commandPage(command, source)] as const),
  ]);
}

function pageOf({ name }: Command): string {
  return `praetor-${name.replaceAll(" ", "-")}`;
}

function overview(commands: readonly Command[], source: Source): string {
  return [
    title("praetor", source),
    ".SH NAME",
    "praetor \\- service registry, health checker and configuration store",
    ".SH SYNOPSIS",
    ".B praetor",
    "COMMAND [options] [arguments]",
    ".SH DESCRIPTION",
    "One program is the agent and its command line. It has the interfaces of Consul 1.8 and of EdgeX's core\\-keeper. Each command",
    "has a page of its own, and prints the same with",
    ".BR \\-\\-help .",
    ".SH COMMANDS",
    ...commands.flatMap((command) => [".TP", `.BR ${escaped(pageOf(command))} (1)`, escaped(command.summary)]),
    ".SH FILES",
    ...[".TP", ".I /etc/praetor.d", "Settings of the agent, in HCL and JSON, of an installed package."],
    ...[".TP", ".I /etc/default/praetor", "Environment and further flags of an installed package's services."],
    ...[".TP", ".I /var/lib/praetor", "The data of an installed package's agent."],
    ".SH ENVIRONMENT",
    ...[".TP", ".B PRAETOR_HTTP_ADDR", "Address of the agent that a command asks; CONSUL_HTTP_ADDR is the same."],
    "",
  ].join("\n");
}

function commandPage(command: Command, source: Source): string {
  const [usage = "", ...body] = command.help.split("\n");
  return [
    title(pageOf(command), source),
    ".SH NAME",
    `${escaped(pageOf(command))} \\- ${escaped(command.summary)}`,
    ".SH SYNOPSIS",
    `.B praetor ${escaped(command.name)}`,
    ...[escaped(usage.replace(`Usage: praetor ${command.name}`, "").trim())].filter((words) => words !== ""),
    ".SH DESCRIPTION",
    ...bodyOf(body),
    ".SH SEE ALSO",
    ".BR praetor (1)",
    "",
  ].join("\n");
}

function title(page: string, { version, epoch }: Source): string {
  const day = new Date(epoch * 1_000).toISOString().slice(0, 10);
  return `.TH ${escaped(page).toUpperCase()} 1 ${day} "Praetor ${version}" "User Commands"`;
}

/**
 * Converts the lines of a help text. A line without indent opens a section. In a section of options, two blanks and a dash begin
 * a flag. Elsewhere two blanks begin text, or a row of two columns, and six blanks a command line.
 */
function bodyOf(lines: readonly string[]): readonly string[] {
  const out: string[] = [];
  let [section, before] = ["", ""];
  for (const line of lines) {
    const isFlag = /^ {2}-/.test(line) && /^(?:options|accepted)/i.test(section);
    const [, term, text] = /^ {2}(\S.*?) {2,}(\S.*)$/.exec(line) ?? [];
    if (line.startsWith("  ")) {
      if (isFlag) out.push(".TP", bold(line.trim()));
      else if (term !== undefined && text !== undefined) out.push(".TP", bold(term), escaped(text));
      else if (line.startsWith("      $")) out.push(".RS 4", ".EX", escaped(line.trim()), ".EE", ".RE");
      else out.push(...(before === "" ? [".PP"] : []), escaped(line.trim()));
    } else if (line !== "") {
      section = line.replace(/:$/, "");
      out.push(`.SH ${escaped(section.toUpperCase())}`);
    }
    before = line;
  }
  return out;
}

function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/, "\\&");
}
