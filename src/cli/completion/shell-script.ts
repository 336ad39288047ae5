/** How this program is called. */
export interface Program {
  /** What people type: "praetor", or the name of a link to it. */
  readonly name: string;
  /** The words that start it wherever one is. */
  readonly executable: readonly string[];
}

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** A shell that has read this text completes the program's words by asking it. */
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

/** Zsh's own completion may not have been switched on, and understands bash's only when told to. */
const zshPreparation =
  "(( $+functions[compdef] )) || { autoload -U +X compinit && compinit -i -D }; " +
  "autoload -U +X bashcompinit && bashcompinit";

/** What an installed line is known by, when it is to be replaced or removed. */
export const mark = "# completion of this program's words";

/** Fish shows what each word is for. */
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
