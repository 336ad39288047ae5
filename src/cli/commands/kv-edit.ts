import { KvClient } from "../../client/kv-client.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { KvEntry } from "../../model/kv-entry.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command, CommandIo } from "../command.ts";
import { keyArgument, missingKey } from "../key-argument.ts";
import { EditedFile } from "../kv/edited-file.ts";
import { diffText } from "../kv/show-diff.ts";
import { textOf } from "../utf8-text.ts";

export const kvEditCommand: Command = apiCommand({
  name: "kv edit",
  summary: "Changes the value of a key in an editor",
  synopsis: "[options] KEY",
  about:
    "Opens the value in the editor of VISUAL, else of EDITOR, else in vi, and stores the changed text when the editor ends. " +
    "A key that does not exist is created. Nothing is stored if the text is the same, if the editor fails, or if another " +
    "client has changed the key meanwhile: then the command shows both changes and keeps your text in a file.\n\n" +
    "Editors end a text with a line break. It is not stored if the value had none.",
  examples: [
    { what: "Change a value", command: "kv edit edgex/core/1.0/edgex-core-data/Writable/LogLevel" },
    { what: "With another editor", command: 'kv edit rules/limits  # after: export VISUAL="code --wait"' },
  ],
  asksServers: true,
  run: editKey,
});

/** The value that the edit began with. */
interface Base {
  readonly key: string;
  readonly value: Uint8Array<ArrayBuffer>;
  readonly flags: bigint;
  /** The key's ModifyIndex; 0 if it does not exist. */
  readonly index: number;
}

async function editKey({ words, api, io }: ApiCall): Promise<void> {
  const key = keyArgument(words);
  if (key === "") throw missingKey();
  const kv = new KvClient(api);
  const base = baseOf(key, await attempting("Error querying the agent", () => kv.get(key)));
  if (textOf(base.value) === undefined)
    throw new CommandFailure(
      `Error! The value of ${key} is not text in UTF-8. 'praetor kv get -base64 ${quoted(key)}' prints it, ` +
        "'praetor kv put' stores another.",
    );
  const file = await EditedFile.create(key, base.value, io.env);
  const edited = await edit(file, base, io);
  if (edited === undefined) {
    await file.remove();
    return io.stdout(`Nothing was stored: the value of ${key} is unchanged\n`);
  }
  await store(edited, { kv, base, file, io });
}

function baseOf(key: string, entry: KvEntry | undefined): Base {
  const { value = new Uint8Array(), flags = 0n, modifyIndex: index = 0 } = entry ?? {};
  return { key, value: new Uint8Array(value), flags, index };
}

/**
 * Runs the editor; resolves with the value to store, or with undefined if it is unchanged.
 * @throws CommandFailure if the editor fails; a changed text is kept
 */
async function edit(file: EditedFile, base: Base, io: CommandIo): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const editor = io.env["VISUAL"] || io.env["EDITOR"] || "vi";
  let failure: string | undefined;
  try {
    failure = await file.edit(editor, io.env);
  } catch (error) {
    await file.remove();
    throw error;
  }
  const edited = withoutAddedBreak(await file.read(), base.value);
  const isChanged = Buffer.compare(edited, base.value) !== 0;
  if (failure === undefined) return isChanged ? edited : undefined;
  const message = `Error! The editor (${editor}) failed with ${failure}. Nothing was stored.`;
  if (!isChanged) {
    await file.remove();
    throw new CommandFailure(message);
  }
  throw new CommandFailure(`${message} ${await kept(edited, file, base)}`);
}

/** Removes the line break that an editor has added to the end. A service would read it as a part of the value. */
function withoutAddedBreak(edited: Uint8Array<ArrayBuffer>, before: Uint8Array): Uint8Array<ArrayBuffer> {
  const lineFeed = 10;
  if (before.at(-1) === lineFeed || edited.at(-1) !== lineFeed) return edited;
  return edited.subarray(0, -1);
}

interface Edit {
  readonly kv: KvClient;
  readonly base: Base;
  readonly file: EditedFile;
  readonly io: CommandIo;
}

/** @throws CommandFailure if the value is not stored; it is then kept */
async function store(value: Uint8Array<ArrayBuffer>, { kv, base, file, io }: Edit): Promise<void> {
  const { key, flags, index } = base;
  try {
    if (await kv.put({ key, flags, value, condition: { cas: String(index) } })) {
      await file.remove();
      return io.stdout(`Success! Data written to: ${key}\n`);
    }
    const theirs = baseOf(key, await kv.get(key));
    if (Buffer.compare(theirs.value, value) === 0 && theirs.index > 0) {
      await file.remove();
      return io.stdout(`Nothing was stored: another client has stored the same value in ${key}\n`);
    }
    io.stdout(await conflictText({ base, theirs, yours: value }, io));
    throw new CommandFailure(
      `Error! Another client ${theirs.index === 0 ? "deleted" : "changed"} ${key} meanwhile. Nothing was stored. ` +
        `To begin with the other client's value: praetor kv edit ${quoted(key)}\n` +
        (await kept(value, file, theirs.index === 0 ? { ...theirs, flags } : theirs)),
    );
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw new CommandFailure(`Error! Did not write to ${key}: ${error.message}\n${await kept(value, file, base)}`);
  }
}

/** Keeps the value in the file; resolves with the sentence that says how to store it over that value. */
async function kept(value: Uint8Array, file: EditedFile, { key, flags, index }: Omit<Base, "value">): Promise<string> {
  await file.keep(value);
  const condition = index === 0 ? "" : `-cas -modify-index=${index} `;
  const options = flags === 0n ? condition : `${condition}-flags=${flags} `;
  return `Your text is in ${file.path}. To store it: praetor kv put ${options}${quoted(key)} @${quoted(file.path)}`;
}

async function conflictText(
  { base, theirs, yours }: { readonly base: Base; readonly theirs: Base; readonly yours: Uint8Array },
  io: CommandIo,
): Promise<string> {
  const named = (name: string, value: Uint8Array): { name: string; text: string } => ({
    name,
    text: textOf(value) ?? "(not text in UTF-8)\n",
  });
  const before = named(`base, index ${base.index}`, base.value);
  const other = named(theirs.index === 0 ? "theirs, deleted" : `theirs, index ${theirs.index}`, theirs.value);
  return `${await diffText(before, other, io)}${await diffText(before, named("yours", yours), io)}`;
}

/** Quotes a word for a shell, if it needs that. */
function quoted(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
