import { jsonOf } from "../../client/http.ts";
import { encodedKey } from "../../client/key-value.ts";
import type { KvDifferenceJson } from "../../wire/kv-history.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { keyArgument, missingKey } from "../key-argument.ts";
import { differenceText } from "../kv-difference.ts";
import { counted } from "../migration/inventory.ts";
import { formatFlag, printText } from "../output-format.ts";
import { reasonHeaders } from "../reason-headers.ts";

export const kvRollbackCommand: Command = apiCommand({
  name: "kv rollback",
  summary: "Gives keys the values that they had before",
  synopsis: "-to MOMENT [options] KEY_OR_PREFIX",
  about:
    "Gives a key, or with -recurse all keys with a prefix, the values that they had at a moment, in one change: changed keys get " +
    "their old values, deleted ones come back, and new ones go. A rollback is a change like others, so it can be rolled back. Locks and " +
    "secrets below vault/ stay as they are. A moment is an index, as kv history shows it, a time like 2026-01-31T12:00:00Z, or an age " +
    "like 2h.",
  examples: [
    { what: "See what would change", command: "kv rollback -dry-run -recurse -to 2h edgex/core/1.0/edgex-core-data/" },
    { what: "Roll back, and say why", command: "kv rollback -recurse -to 2h -reason 'new driver fails' edgex/" },
    { what: "Only if no client changed the key after index 4720", command: "kv rollback -to 4711 -cas 4720 app/rate" },
  ],
  flags: [
    { name: "cas", kind: "uint", value: "index", help: "Change nothing if one of the keys changed after this index." },
    { name: "dry-run", kind: "bool", value: "", help: "Only show what would change." },
    { name: "reason", kind: "text", value: "text", help: "Why; kv history shows it." },
    { name: "recurse", kind: "bool", value: "", help: "Roll back all keys with this prefix." },
    { name: "to", kind: "text", value: "moment", help: "The moment to go back to." },
    formatFlag,
  ],
  asksServers: true,
  run: rollBack,
});

interface Answer {
  readonly Done: boolean;
  readonly Changes: readonly KvDifferenceJson[];
}

async function rollBack(call: ApiCall): Promise<void> {
  const { words, flags, api, io } = call;
  const key = keyArgument(words);
  const [recurse, isDry, to] = [flags.bool("recurse"), flags.bool("dry-run"), flags.text("to") ?? ""];
  if (key === "" && !recurse) throw missingKey();
  if (to === "") throw new CommandFailure("Error! -to is missing: an index, a time, or an age like 2h");
  const query = {
    ...{ to, ...(recurse && { recurse: "" }), ...(isDry && { dry_run: "" }) },
    ...(flags.has("cas") && { cas: String(flags.uint("cas")) }),
  };
  const headers = reasonHeaders(flags.text("reason"));
  const path = `/v1/praetor/kv-rollback/${encodedKey(key)}`;
  const json = jsonOf(await attempting("Error rolling back", () => api.ok({ method: "PUT", path, query, headers })));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
  const answer = json as Answer;
  printText(call, answer, () => `${differenceText(answer.Changes, io)}${conclusion(answer)}\n`);
}

function conclusion({ Done, Changes }: Answer): string {
  if (Changes.length === 0) return "Nothing differs: no key was changed.";
  const keys = counted(Changes.length, "key");
  return Done ? `Success! Rolled back ${keys}.` : `${keys} would change. Nothing was changed.`;
}
