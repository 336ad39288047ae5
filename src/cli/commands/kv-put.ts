import { KvClient } from "../../client/kv-client.ts";
import { decodeBase64 } from "../../wire/base64.ts";
import { decodeFailureReason } from "../../wire/json.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { readData } from "../data-argument.ts";
import { missingKey } from "../key-argument.ts";

export const kvPutCommand: Command = apiCommand({
  name: "kv put",
  summary: "Stores a value under a key",
  synopsis: "[options] KEY [DATA]",
  about:
    "Stores any data under a key. @PATH reads it from a file, - from standard input; " +
    "without data the value is empty.",
  examples: [
    { what: "Store a value", command: "kv put edgex/core/1.0/edgex-core-data/Writable/LogLevel DEBUG" },
    { what: "Store a file", command: "kv put certificates/gateway @gateway.pem" },
    { what: "Only if it has not changed since", command: "kv put -cas -modify-index=844 rules/limit 5" },
    {
      what: "Lock a key for a session",
      command: "kv put -acquire -session=5f4c2b3e-9f5e-4a53-8e0a-6f1d0a1c7a55 jobs/leader gateway-1",
    },
  ],
  flags: [
    { name: "acquire", kind: "bool", value: "", help: "Lock the key for the session; store only if that succeeds." },
    { name: "base64", kind: "bool", value: "", help: "Decode the data from base64 before it is stored." },
    { name: "cas", kind: "bool", value: "", help: "Store only if the key's ModifyIndex is still -modify-index." },
    { name: "flags", kind: "uint", value: "number", help: "A number to store with the value; default: 0." },
    { name: "modify-index", kind: "uint", value: "index", help: "The key's expected ModifyIndex, for -cas." },
    { name: "release", kind: "bool", value: "", help: "Unlock the key, which the session has locked." },
    { name: "session", kind: "text", value: "id", help: "The session that -acquire and -release are for." },
  ],
  asksServers: true,
  run: putKey,
});

async function putKey({ words, flags, api, io }: ApiCall): Promise<void> {
  const [key, data = ""] = words;
  if (key === undefined) throw missingKey();
  if (words.length > 2) throw new CommandFailure(`Error! Too many arguments (expected 1 or 2, got ${words.length})`);
  const bytes = await readData(data, io);
  const value = flags.bool("base64") ? fromBase64(bytes) : bytes;
  const operation = operationOf(flags, key);
  const put = { key, value, flags: flags.uint("flags"), condition: operation.condition };
  const written = await attempting(operation.failed, () => new KvClient(api).put(put));
  if (!written) throw new CommandFailure(operation.refused);
  io.stdout(`Success! ${operation.done}: ${key}\n`);
}

/** One way to write a key (plain, -cas, -acquire or -release), with its messages of success and failure. */
interface Operation {
  readonly condition: Readonly<Record<string, string>>;
  /** The beginning of the message if the request fails. */
  readonly failed: string;
  /** The error if the condition of the write does not hold. */
  readonly refused: string;
  readonly done: string;
}

function operationOf(flags: ApiCall["flags"], key: string): Operation {
  const session = flags.text("session") ?? "";
  const [acquire, release] = [flags.bool("acquire"), flags.bool("release")];
  if ((acquire || release) && session === "")
    throw new CommandFailure("Error! Missing -session (required with -acquire and -release)");
  const written = { failed: "Error! Failed writing data", done: "Data written to" };
  if (flags.bool("cas")) {
    const index = flags.uint("modify-index");
    if (index === 0n) throw new CommandFailure("Must specify -modify-index with -cas!");
    const failed = `Error! Did not write to ${key}`;
    return { ...written, condition: { cas: String(index) }, failed, refused: `${failed}: CAS failed` };
  }
  if (acquire) {
    return {
      ...written,
      condition: { acquire: session },
      refused: "Error! Did not acquire lock",
      done: "Lock acquired on",
    };
  }
  if (release) {
    return {
      ...written,
      condition: { release: session },
      refused: "Error! Did not release lock",
      done: "Lock released on",
    };
  }
  return { ...written, condition: {}, refused: `Error! Did not write to ${key}` };
}

/** Decodes base64. If it is invalid, the command stores nothing; Consul prints the error and stores an empty value. */
function fromBase64(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(decodeBase64(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new CommandFailure(`Error! Cannot base 64 decode data: ${decodeFailureReason(error)}`);
  }
}
