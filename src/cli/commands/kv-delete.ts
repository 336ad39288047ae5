import { KvClient } from "../../client/kv-client.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { keyArgument, missingKey } from "../key-argument.ts";

export const kvDeleteCommand: Command = apiCommand({
  name: "kv delete",
  summary: "Deletes keys",
  synopsis: "[options] KEY_OR_PREFIX",
  about:
    "Deletes a key; a key that does not exist is no error. " +
    'With -recurse it deletes every key with this prefix: "a" matches "a/b", and "abc", too.',
  examples: [
    { what: "Delete a key", command: "kv delete rules/limit" },
    { what: "Delete a folder", command: "kv delete -recurse rules/" },
    { what: "Only if it has not changed since", command: "kv delete -cas -modify-index=844 rules/limit" },
  ],
  flags: [
    { name: "cas", kind: "bool", value: "", help: "Delete only if the key's ModifyIndex is still -modify-index." },
    { name: "modify-index", kind: "uint", value: "index", help: "The key's expected ModifyIndex, for -cas." },
    { name: "recurse", kind: "bool", value: "", help: "Delete every key with this prefix." },
  ],
  asksServers: true,
  run: deleteKeys,
});

async function deleteKeys({ words, flags, api, io }: ApiCall): Promise<void> {
  const key = keyArgument(words);
  const [cas, recurse, index] = [flags.bool("cas"), flags.bool("recurse"), flags.uint("modify-index")];
  if (key === "" && !recurse) throw missingKey();
  if (cas && index === 0n) throw new CommandFailure("Must specify -modify-index with -cas!");
  if (!cas && index !== 0n) throw new CommandFailure("Cannot specify -modify-index without -cas!");
  if (cas && recurse) throw new CommandFailure("Cannot specify both -cas and -recurse!");
  const kv = new KvClient(api);
  if (recurse) {
    await attempting(`Error! Did not delete prefix ${key}`, () => kv.deleteTree(key));
    return io.stdout(`Success! Deleted keys with prefix: ${key}\n`);
  }
  const refused = `Error! Did not delete key ${key}`;
  const condition = cas ? { cas: String(index) } : {};
  const deleted = await attempting(cas ? refused : `Error deleting key ${key}`, () => kv.delete(key, condition));
  if (!deleted) throw new CommandFailure(`${refused}: CAS failed`);
  io.stdout(`Success! Deleted key: ${key}\n`);
}
