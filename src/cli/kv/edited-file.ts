import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileFailure } from "../../lib/file-failure.ts";
import { Child } from "../child.ts";
import { CommandFailure } from "../command-failure.ts";
import type { CommandIo } from "../command.ts";

/** A file in a private folder, in which an editor changes a value. */
export class EditedFile {
  readonly path: string;
  readonly #folder: string;

  private constructor(folder: string, path: string) {
    this.#folder = folder;
    this.path = path;
  }

  /**
   * Writes a value into a new file that only its owner can read. The file's name ends as the value's format wants it.
   * @throws CommandFailure if the file cannot be written
   */
  static async create(key: string, value: Uint8Array, env: CommandIo["env"]): Promise<EditedFile> {
    return attempt("write the value to a file", async () => {
      const folder = await mkdtemp(join(env["TMPDIR"] || tmpdir(), "praetor-edit-"));
      const file = new EditedFile(folder, join(folder, fileNameOf(key, value)));
      await file.#write(value);
      return file;
    });
  }

  /** Runs the editor; resolves when it has ended, with the reason if it failed. @throws CommandFailure if it cannot be started */
  async edit(editor: string, env: CommandIo["env"]): Promise<string | undefined> {
    // The editor takes the place of the shell, which an interrupt would end.
    const words = ["exec", editor, `'${this.path.replaceAll("'", String.raw`'\''`)}'`];
    const child = await Child.start(words, { what: "the editor", shell: true, env, input: "inherit" });
    return child.ended;
  }

  /** @throws CommandFailure if the editor has left no file */
  read(): Promise<Uint8Array<ArrayBuffer>> {
    return attempt("read the edited value", async () => new Uint8Array(await readFile(this.path)));
  }

  /** Writes what is to be kept: after a failure the user goes on with this file. @throws CommandFailure if it cannot be written */
  keep(value: Uint8Array): Promise<void> {
    return attempt("keep the edited value", () => this.#write(value));
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(value: Uint8Array): Promise<void> {
    await writeFile(this.path, value, { mode: 0o600 });
  }
}

async function attempt<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw new CommandFailure(`Error! Cannot ${what}: ${fileFailure(error)}`);
  }
}

/** Returns the last part of the key, with the extension that tells an editor the format. */
function fileNameOf(key: string, value: Uint8Array): string {
  const last = (key.split("/").findLast((part) => part !== "") ?? "").replaceAll(/[^\w.-]/g, "_").slice(0, 100);
  // Beginning with a dot or a dash, it would be hidden or look like a flag.
  const name = last.replace(/^[.-]+/, "") || "value";
  return extname(name) === "" ? `${name}${extensionOf(new TextDecoder().decode(value))}` : name;
}

function extensionOf(text: string): string {
  if (/^\s*[[{]/.test(text) && isJson(text)) return ".json";
  if (/^\s*<[?!a-z]/i.test(text)) return ".xml";
  return /^(---|[\w-]+:( .*)?)$/m.test(text) && text.includes("\n") ? ".yaml" : ".txt";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
