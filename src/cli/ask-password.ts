import { readFile } from "node:fs/promises";
import { isatty } from "node:tty";
import { fileFailure } from "../lib/file-failure.ts";
import { CommandFailure } from "./command-failure.ts";
import type { CommandFlag, CommandIo } from "./command.ts";
import type { LocalCall } from "./local-command.ts";

/** There is no flag for a password itself, since other users of the machine can read a command line. */
export const passwordFlag: CommandFlag = {
  name: "password-file",
  kind: "text",
  value: "file",
  help: "File with the password, - for standard input; default: ask on the terminal.",
};

/**
 * Returns the password from the file of -password-file, without the line break at its end, or from the terminal, which does not
 * show it.
 * @param isNew whether to ask twice, so that a mistyped one is noticed
 * @throws CommandFailure if there is neither a file nor a terminal, if the file cannot be read, or if the two differ
 */
export async function readPassword({ flags, io }: LocalCall, isNew: boolean): Promise<string> {
  const path = flags.text("password-file") ?? "";
  const password = path === "" ? await askOnTerminal(io, isNew) : await readFirst(path, io);
  if (password === "") throw new CommandFailure("The password is empty");
  return password;
}

async function readFirst(path: string, io: CommandIo): Promise<string> {
  try {
    const text = path === "-" ? new TextDecoder().decode(await io.stdin()) : await readFile(path, "utf8");
    return text.replace(/\r?\n$/, "");
  } catch (error) {
    throw new CommandFailure(`Failed to read the password: ${fileFailure(error)}`);
  }
}

async function askOnTerminal(io: CommandIo, isNew: boolean): Promise<string> {
  if (!isatty(0))
    throw new CommandFailure(
      "There is no terminal to ask for the password. Give -password-file=FILE, or - for standard input",
    );
  const password = await typed(io, isNew ? "New password: " : "Password: ");
  if (isNew && (await typed(io, "The same again: ")) !== password)
    throw new CommandFailure("The two passwords differ. Nothing was changed");
  return password;
}

/** The exit code of a program that SIGINT has ended, by the convention of shells. */
const interruptedCode = 130;

const [enter, lineFeed, interrupt, endOfInput, backspace, erase] = ["\r", "\n", "\u0003", "\u0004", "\b", "\u007f"];

/** Returns the line that the user types, without showing it. @throws CommandFailure when the user interrupts */
function typed(io: CommandIo, question: string): Promise<string> {
  const { stdin } = process;
  // First, so that the terminal does not show what is typed at once.
  stdin.setRawMode(true);
  io.stderr(question);
  stdin.setEncoding("utf8").resume();
  return new Promise((resolve, reject) => {
    let characters: string[] = [];
    const end = (): void => {
      stdin.off("data", take);
      stdin.setRawMode(false);
      stdin.pause();
      io.stderr("\n");
    };
    const take = (text: unknown): void => {
      for (const character of String(text)) {
        if (character === interrupt) {
          end();
          return reject(new CommandFailure("Interrupted", interruptedCode));
        }
        if (character === enter || character === lineFeed || character === endOfInput) {
          end();
          return resolve(characters.join(""));
        }
        if (character === backspace || character === erase) characters = characters.slice(0, -1);
        else characters.push(character);
      }
    };
    stdin.on("data", take);
  });
}
