import { encodedKey } from "../../client/key-value.ts";
import type { KvDifferenceJson } from "../../wire/kv-history.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { keyArgument } from "../key-argument.ts";
import { differenceText } from "../kv-difference.ts";
import { formatFlag, printText } from "../output-format.ts";

export const kvDiffCommand: Command = apiCommand({
  name: "kv diff",
  summary: "Shows how keys differ between two moments",
  synopsis: "-from MOMENT [options] [PREFIX]",
  about:
    "Shows which keys with a prefix were added, changed or removed between two moments. A moment is an index, as kv history shows " +
    "it, a time like 2026-01-31T12:00:00Z, or an age like 2h or 3d.",
  examples: [
    { what: "What changed since yesterday", command: "kv diff -from 1d edgex/" },
    { what: "What one change did", command: "kv diff -from 4710 -to 4711" },
  ],
  flags: [
    { name: "from", kind: "text", value: "moment", help: "The earlier moment." },
    { name: "to", kind: "text", value: "moment", help: "The later moment; default: now." },
    formatFlag,
  ],
  asksServers: true,
  run: showDifferences,
});

async function showDifferences(call: ApiCall): Promise<void> {
  const { words, flags, api, io } = call;
  const prefix = keyArgument(words);
  const [from, to] = [flags.text("from") ?? "", flags.text("to") ?? ""];
  if (from === "") throw new CommandFailure("Error! -from is missing: an index, a time, or an age like 2h");
  const query = { from, ...(to !== "" && { to }) };
  const path = `/v1/praetor/kv-diff/${encodedKey(prefix)}`;
  const json = await attempting("Error comparing keys", () => api.json(path, query));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
  const answer = json as { readonly Changes: readonly KvDifferenceJson[] };
  printText(call, answer, () => differenceText(answer.Changes, io) || "The keys are the same.\n");
}
