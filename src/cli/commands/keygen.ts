import { secretBytes } from "../../lib/secret-bytes.ts";
import type { Command } from "../command.ts";
import { localCommand } from "../local-command.ts";

const keyBytes = 32;

export const keygenCommand: Command = localCommand({
  name: "keygen",
  summary: "Generates a new encryption key",
  synopsis: "",
  about:
    "Prints a new key of 32 random bytes in base64, for the setting encrypt: all agents of a cluster have the same key, and " +
    "encrypt and authenticate their connections with it.",
  examples: [{ what: "A key", command: "keygen" }],
  run({ io }) {
    io.stdout(`${Buffer.from(secretBytes(keyBytes)).toString("base64")}\n`);
    return Promise.resolve();
  },
});
