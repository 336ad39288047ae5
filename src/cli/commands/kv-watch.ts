import { type StreamedChanges, streamKeys } from "../../client/key-stream.ts";
import { messageOf } from "../../lib/errors.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { keyArgument } from "../key-argument.ts";
import { valueText } from "../kv-difference.ts";
import { formatFlag, wantsJson } from "../output-format.ts";
import { printable } from "../printable.ts";
import { listenForShutdown } from "../shutdown.ts";

export const kvWatchCommand: Command = apiCommand({
  name: "kv watch",
  summary: "Prints each change of keys as it is made",
  synopsis: "[options] [PREFIX]",
  about:
    "Prints each change of the keys with a prefix until it is interrupted: its index, what was done, and the new value. When the agent " +
    "is away it goes on where it was, with no change missed or printed twice. Secrets below vault/ and locks are not printed.",
  examples: [
    { what: "Follow the settings of all services", command: "kv watch edgex/" },
    { what: "Begin after an index", command: "kv watch -since 4711 edgex/" },
    { what: "One JSON object for each index, for programs", command: "kv watch -format=json" },
  ],
  flags: [
    {
      name: "since",
      kind: "uint",
      value: "index",
      help: "Begin with the changes after this index; default: with what comes.",
    },
    { ...formatFlag, help: "Lines (pretty, the default), or one JSON object for each index." },
  ],
  asksServers: true,
  run: watchKeys,
});

async function watchKeys(call: ApiCall): Promise<number> {
  const { words, flags, api, io } = call;
  const prefix = keyArgument(words);
  const isJson = wantsJson(call);
  using shutdown = listenForShutdown(io);
  const stream = streamKeys(api, prefix, {
    after: flags.has("since") ? Number(flags.uint("since")) : undefined,
    signal: shutdown.signal,
    clock: io.clock,
    onFailure: (error) => io.stderr(`The agent does not answer: ${messageOf(error)}. Trying again.\n`),
  });
  await attempting("Error watching keys", async () => {
    for await (const each of stream) io.stdout(isJson ? jsonLine(each) : textOf(each));
  });
  return 0;
}

function textOf({ index, changes }: StreamedChanges): string {
  if (changes === "compacted") return `${index}  earlier changes are no longer kept: read the keys anew\n`;
  return changes
    .map(({ key, operation, value }) => {
      const text = value === undefined ? "" : ` = ${valueText(Buffer.from(value).toString("base64"))}`;
      return `${index}  ${operation.padEnd(6)}  ${printable(key)}${text}\n`;
    })
    .join("");
}

function jsonLine({ index, changes }: StreamedChanges): string {
  if (changes === "compacted") return `${JSON.stringify({ Index: index, Compacted: true })}\n`;
  const encoded = changes.map(({ key, operation, value, previousIndex }) => ({
    ...{ Key: key, Operation: operation, PreviousIndex: previousIndex },
    ...(value && { Value: Buffer.from(value).toString("base64") }),
  }));
  return `${JSON.stringify({ Index: index, Changes: encoded })}\n`;
}
