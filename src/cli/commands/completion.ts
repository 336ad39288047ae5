import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { installCompletion, uninstallCompletion } from "../completion/shell-files.ts";
import { completionScript, type Program, type Shell, shells } from "../completion/shell-script.ts";
import { localCommand, type LocalCall } from "../local-command.ts";

/** Returns the command `praetor completion`, which prints or installs scripts that complete the command line of `program`. */
export function completionCommand(program: Program): Command {
  return localCommand({
    name: "completion",
    summary: "Completes words of this command line in shells",
    synopsis: "[options] [bash|zsh|fish]",
    about:
      "Prints a script that makes a shell complete commands, flags and values at the Tab key, or installs it for your " +
      "shells. Consul's -autocomplete-install and -autocomplete-uninstall do the same.",
    examples: [
      { what: "In this shell only", command: "completion bash >complete.sh && source complete.sh" },
      { what: "In every shell from now on", command: "completion -install" },
    ],
    flags: [
      {
        name: "install",
        kind: "bool",
        value: "",
        help: "Add it to your shells' files: .bashrc, .zshrc, fish's folder.",
      },
      { name: "uninstall", kind: "bool", value: "", help: "Remove it from there." },
    ],
    run: (call) => Promise.resolve(complete(call, program)),
  });
}

function complete({ words, flags, io }: LocalCall, program: Program): void {
  if (flags.bool("install")) {
    const paths = installCompletion(homeOf(io.env), program);
    io.stdout(`Installed in ${paths.join(", ")}; start a new shell to have it.\n`);
  } else if (flags.bool("uninstall")) {
    io.stdout(`Removed from ${uninstallCompletion(homeOf(io.env), program).join(", ")}.\n`);
  } else io.stdout(completionScript(shellIn(words), program));
}

function homeOf(env: Readonly<Record<string, string | undefined>>): string {
  const home = env["HOME"] ?? "";
  if (home === "") throw new CommandFailure("HOME is not set: it names the folder of your shells' files");
  return home;
}

function shellIn([word, ...more]: readonly string[]): Shell {
  const shell = shells.find((known) => known === word);
  if (shell === undefined || more.length > 0) throw new CommandFailure(`Name one shell: ${shells.join(", ")}`);
  return shell;
}
