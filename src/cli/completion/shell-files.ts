import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileFailure } from "../../lib/file-failure.ts";
import { CommandFailure } from "../command-failure.ts";
import { completionScript, mark, type Program, type Shell } from "./shell-script.ts";

/** A file from which a shell loads the completion. */
interface ShellFile {
  readonly shell: Shell;
  readonly path: string;
  /** Whether the file contains nothing but the completion script. */
  readonly isOurs: boolean;
}

/**
 * Returns the files of the user's shells. A shell is the user's if its start-up file exists, or for fish its configuration
 * folder.
 */
function shellFiles(home: string, program: Program): readonly ShellFile[] {
  const bash = [".bashrc", ".bash_profile", ".bash_login", ".profile"].map((name) => join(home, name)).find(existsSync);
  const zsh = join(home, ".zshrc");
  const fish = join(home, ".config/fish");
  return [
    ...(bash === undefined ? [] : [{ shell: "bash", path: bash, isOurs: false } as const]),
    ...(existsSync(zsh) ? [{ shell: "zsh", path: zsh, isOurs: false } as const] : []),
    ...(existsSync(fish)
      ? [{ shell: "fish", path: join(fish, `completions/${program.name}.fish`), isOurs: true } as const]
      : []),
  ];
}

/**
 * Adds the completion to the files of the user's shells; returns the changed files.
 * @throws CommandFailure if no shell is set up, or all files already contain the completion
 */
export function installCompletion(home: string, program: Program): readonly string[] {
  const files = requireSome(shellFiles(home, program), home);
  const changed = files.filter((file) => {
    const before = existsSync(file.path) ? attempt(() => readFileSync(file.path, "utf8")) : "";
    const script = completionScript(file.shell, program);
    const kept = file.isOurs ? "" : endingInNewline(withoutOurs(before, program));
    if (before.includes(script)) return false;
    attempt(() => mkdirSync(dirname(file.path), { recursive: true }));
    attempt(() => writeFileSync(file.path, kept + script));
    return true;
  });
  if (changed.length === 0) throw new CommandFailure(`already installed in ${pathsOf(files).join(", ")}`);
  return pathsOf(changed);
}

/**
 * Removes the completion from the files of the user's shells; returns the changed files.
 * @throws CommandFailure if no file contains it
 */
export function uninstallCompletion(home: string, program: Program): readonly string[] {
  const files = requireSome(shellFiles(home, program), home);
  const changed = files.filter((file) => {
    if (!existsSync(file.path)) return false;
    if (file.isOurs) {
      attempt(() => rmSync(file.path));
      return true;
    }
    const before = attempt(() => readFileSync(file.path, "utf8"));
    const after = withoutOurs(before, program);
    if (after !== before) attempt(() => writeFileSync(file.path, after));
    return after !== before;
  });
  if (changed.length === 0) throw new CommandFailure(`not installed in ${pathsOf(files).join(", ")}`);
  return pathsOf(changed);
}

function requireSome(files: readonly ShellFile[], home: string): readonly ShellFile[] {
  if (files.length > 0) return files;
  throw new CommandFailure(
    `no shell is set up in ${home}: there is no .bashrc, .bash_profile, .bash_login, .profile, .zshrc or .config/fish`,
  );
}

function withoutOurs(text: string, { name }: Program): string {
  return text
    .split("\n")
    .filter((line) => !line.endsWith(` ${name} ${mark}`))
    .join("\n");
}

function endingInNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

function pathsOf(files: readonly ShellFile[]): readonly string[] {
  return files.map(({ path }) => path);
}

function attempt<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new CommandFailure(fileFailure(error));
  }
}
