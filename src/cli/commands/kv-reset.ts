import { encodedKey } from "../../client/key-value.ts";
import type { KvDifferenceJson } from "../../wire/kv-history.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import type { Command } from "../command.ts";
import { keyArgument, missingKey } from "../key-argument.ts";
import { differenceText } from "../kv-difference.ts";
import { counted } from "../migration/inventory.ts";
import { formatFlag, printText } from "../output-format.ts";
import { printable } from "../printable.ts";
import { reasonHeaders } from "../reason-headers.ts";

export const kvResetCommand: Command = apiCommand({
  name: "kv reset",
  summary: "Puts keys back to what their service has pushed",
  synopsis: "[options] KEY_OR_PREFIX",
  about:
    "Puts a key, or with -recurse all keys with a prefix, back to the newest value that a service has pushed and that is kept, in one " +
    "change. Such a value is a service's default, or comes from its file or environment. Of several keys, those without such a value " +
    "stay as they are, and are named; so does a port that the agent has assigned. A reset is a change like others: kv rollback undoes it.",
  examples: [
    { what: "One setting", command: "kv reset edgex/core/1.0/edgex-core-data/Writable/LogLevel" },
    { what: "See what would change", command: "kv reset -dry-run -recurse edgex/core/1.0/edgex-core-data/" },
  ],
  flags: [
    { name: "cas", kind: "uint", value: "index", help: "Change nothing if one of the keys changed after this index." },
    { name: "dry-run", kind: "bool", value: "", help: "Only show what would change." },
    { name: "reason", kind: "text", value: "text", help: "Why; kv history shows it." },
    { name: "recurse", kind: "bool", value: "", help: "Reset all keys with this prefix." },
    formatFlag,
  ],
  asksServers: true,
  run: reset,
});

interface Answer {
  readonly Done: boolean;
  readonly Changes: readonly KvDifferenceJson[];
  readonly Left: readonly string[];
}

async function reset(call: ApiCall): Promise<void> {
  const { words, flags, api, io } = call;
  const key = keyArgument(words);
  const recurse = flags.bool("recurse");
  if (key === "" && !recurse) throw missingKey();
  const query = {
    ...{ ...(recurse && { recurse: "" }), ...(flags.bool("dry-run") && { dry_run: "" }) },
    ...(flags.has("cas") && { cas: String(flags.uint("cas")) }),
  };
  const headers = reasonHeaders(flags.text("reason"));
  const path = `/v1/praetor/kv-reset/${encodedKey(key)}`;
  const json = await attempting("Error resetting", () =>
    api.find({ method: "PUT", path, query, headers }, `Error! No key exists at: ${key}`),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
  const answer = json as Answer;
  const left = answer.Left.map((name) => `  ${printable(name)}: no value that a service has pushed is kept\n`);
  printText(call, answer, () => `${differenceText(answer.Changes, io)}${left.join("")}${conclusion(answer)}\n`);
}

function conclusion({ Done, Changes }: Answer): string {
  if (Changes.length === 0) return "Nothing to put back: no key was changed.";
  const keys = counted(Changes.length, "key");
  return Done ? `Success! Reset ${keys}.` : `${keys} would change. Nothing was changed.`;
}
