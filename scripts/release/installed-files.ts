import { chmodSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { completionScript } from "../../src/cli/completion/shell-script.ts";
import type { CommandIo } from "../../src/cli/command.ts";
import { allCommands } from "../../src/commands.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { manPages } from "./man-pages.ts";
import type { Source } from "./source.ts";

/** A file of a package. */
export interface PackagedFile {
  /** The path in the package: "usr/bin/praetor". */
  readonly path: string;
  /** 0o644 by default. */
  readonly mode?: number;
  readonly content: string | Uint8Array;
}

/** The installed program, as completion scripts start it. */
const program = { name: "praetor", executable: ["/usr/bin/praetor"] };

/** Where a system looks for the files that programs add to its shells. */
export interface ShellFolders {
  readonly zsh: string;
  readonly fish: string;
}

/** Returns the manual and the completions of shells, which every package has. */
export function sharedFiles(source: Source, { zsh, fish }: ShellFolders): readonly PackagedFile[] {
  const pages = [...manPages(allCommands(program, unusedIo), source)].map(([name, text]) => ({
    path: `usr/share/man/man1/${name}.gz`,
    content: Bun.gzipSync(text, { level: 9 }),
  }));
  return [
    ...pages,
    { path: "usr/share/bash-completion/completions/praetor", content: completionScript("bash", program) },
    { path: `${zsh}/_praetor`, content: zshFunction() },
    { path: `${fish}/praetor.fish`, content: completionScript("fish", program) },
  ];
}

/**
 * Returns zsh's completion as a function that zsh loads at the first Tab key after "praetor". The script registers what completes
 * from then on, so the function also runs that once.
 */
function zshFunction(): string {
  return `#compdef praetor\n${completionScript("zsh", program)}eval "$_comps[praetor]"\n`;
}

/** The commands are listed and not run. */
const unusedIo: CommandIo = {
  ...{ stdout() {}, stderr() {}, stdin: () => Promise.resolve(new Uint8Array()) },
  ...{ env: {}, clock: systemClock, isTerminal: false },
};

/** Returns a file of this repository, as a file of a package. */
export function copied(from: string, path: string, mode?: number): PackagedFile {
  return { path, content: readFileSync(from), ...(mode !== undefined && { mode }) };
}

/** Writes files below a folder, with the time of the source. */
export function writeFiles(folder: string, files: readonly PackagedFile[], { epoch }: Source): void {
  for (const { path, mode = 0o644, content } of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
    chmodSync(target, mode);
    utimesSync(target, epoch, epoch);
  }
}
