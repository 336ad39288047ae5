import { apiCommand } from "../api-command.ts";
import type { Command } from "../command.ts";
import { runTransferCall, transferFlags } from "../kv/transfer-call.ts";

export const kvCopyCommand: Command = apiCommand({
  name: "kv copy",
  summary: "Copies keys to other names",
  synopsis: "[options] FROM TO",
  about:
    "Copies a key with its flags to another name; with -recurse, all keys of a folder. " +
    "It overwrites no other value, unless -force is given.\n\n" +
    "Up to 32 keys are copied in one transaction: all, or none. More keys take several transactions, and a key that another " +
    "client changes meanwhile ends the copy. The command then prints what was done, and does what is missing when it runs again.",
  examples: [
    { what: "Copy a key", command: "kv copy rules/limit rules/limit-of-2026" },
    { what: "Copy a folder before a change", command: "kv copy -recurse edgex/core/ copies/core/" },
  ],
  flags: transferFlags,
  flagsAnywhere: true,
  asksServers: true,
  run: (call) => runTransferCall(call, false),
});
