import { apiCommand } from "../api-command.ts";
import type { Command } from "../command.ts";
import { runTransferCall, transferFlags } from "../kv/transfer-call.ts";

export const kvMoveCommand: Command = apiCommand({
  name: "kv move",
  summary: "Moves keys to other names",
  synopsis: "[options] FROM TO",
  about:
    "Gives a key another name and keeps its value and flags; with -recurse, all keys of a folder. " +
    "It overwrites no other value, unless -force is given, and moves no key that a session has locked.\n\n" +
    "Up to 32 keys are moved in one transaction: all, or none. More keys take several transactions, and a key that another " +
    "client changes meanwhile ends the move. The command then prints what was done, and does what is missing when it runs again.",
  examples: [
    { what: "Rename a key", command: "kv move rules/limit rules/limit-per-hour" },
    { what: "Rename a folder", command: "kv move -recurse devices/hall-1/ devices/hall-2/" },
  ],
  flags: transferFlags,
  flagsAnywhere: true,
  asksServers: true,
  run: (call) => runTransferCall(call, true),
});
