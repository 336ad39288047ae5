/** The program whose command line shells complete. */
export interface Program {
  /** The command that users type: "praetor", or the name of a link to it. */
  readonly name: string;
  /** The command line that starts the program, with absolute paths. */
  readonly executable: readonly string[];
}

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** Returns the script that makes a shell run the program for completions. */
export function completionScript(shell: Shell, { name, executable }: Program): string {
  const started = executable.map(quoted).join(" ");
  const complete = `complete -o default -C ${quoted(started)} ${name}`;
  switch (shell) {
    case "bash":
      return `${complete} ${mark}\n`;
    case "zsh":
      return `${zshPreparation}; ${complete} ${mark}\n`;
    case "fish":
      return fishScript(name, started);
  }
}

/** Commands that switch on zsh's completion, if it is off, and zsh's emulation of bash's completion. */
const zshPreparation =
  "(( $+functions[compdef] )) || { autoload -U +X compinit && compinit -i -D }; " +
  "autoload -U +X bashcompinit && bashcompinit";

/**
 * The comment by which uninstalling finds the installed line. It must stay the same, so that praetor can remove earlier
 * installations.
 */
export const mark = "# completion of this program's words";

/** Returns the script for fish, which shows a description beside each word. */
function fishScript(name: string, started: string): string {
  const ask = `__complete_${name.replaceAll(/\W/g, "_")}`;
  return `function ${ask}
    set -lx COMP_LINE (commandline --current-process --cut-at-cursor)
    set -lx COMP_DESCRIBED 1
    set -l found (${started})
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path (commandline --current-token)
    end
end
complete --command ${name} --no-files --arguments '(${ask})'
`;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
