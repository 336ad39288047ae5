import { jsonOf } from "../../client/http.ts";
import { KvClient } from "../../client/kv-client.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { KvEntry } from "../../model/kv-entry.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import type { KvDifferenceJson, KvSideJson } from "../../wire/kv-history.ts";
import type { KvTrialJson } from "../../wire/kv-trial.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { canAsk, followTrial } from "../kv/follow-trial.ts";
import { endText } from "../kv/trial-text.ts";
import { readWantedKeys, type WantedKey } from "../kv/wanted-keys.ts";
import { differenceText } from "../kv-difference.ts";
import { counted } from "../migration/inventory.ts";
import { formatFlag, wantsJson } from "../output-format.ts";
import { reasonHeaders } from "../reason-headers.ts";
import { listenForShutdown } from "../shutdown.ts";

export const kvApplyCommand: Command = apiCommand({
  name: "kv apply",
  summary: "Changes keys, and takes the changes back if a service fails",
  synopsis: "FILE_OR_DIR -watch SERVICES [options]",
  about:
    "Changes a set of keys at once, and follows the health of the services for a time. All changes are taken back if one of the services " +
    "turns critical, or does not pass when the time is over, if the agent restarts meanwhile, or on Ctrl-C. A key that another writer " +
    "has changed meanwhile stays as that writer made it.\n\n" +
    "FILE is what kv export prints, a JSON object of whole keys and texts in which null deletes a key, or lines like key = value; - is " +
    "standard input. DIR has a file for each key, or is what praetor export writes. Keys that have their value already are left out.\n\n" +
    "Exit code 0: the changes were kept, or nothing differs. 2: they were taken back. 1: the command failed.",
  examples: [
    { what: "Change settings, and watch a service for a minute", command: "kv apply rates.json -watch core-data" },
    {
      what: "Keep them only if a person says yes within five minutes",
      command: "kv apply rates.json -watch core-data -for 5m -confirm",
    },
    {
      what: "One service after the other, each for 30 seconds",
      command: "kv apply ./gateway -watch core-metadata,core-data -for 30s -staged",
    },
  ],
  flags: [
    {
      name: "confirm",
      kind: "bool",
      value: "",
      help: "Take the changes back unless a person keeps them: y, or kv confirm.",
    },
    { name: "detach", kind: "bool", value: "", help: "Print the trial's ID, and do not wait for its end." },
    { name: "for", kind: "text", value: "duration", help: "How long to watch the services; default: 1m." },
    { name: "reason", kind: "text", value: "text", help: "Why; kv history and kv trials show it." },
    {
      ...{ name: "staged", kind: "bool", value: "" },
      help: "Change the keys with a service's name in their path for one service after the other, and watch after each; other keys come first.",
    },
    {
      ...{ name: "watch", kind: "text", value: "services" },
      help: "Names of the services whose health decides, with commas between them. Repeatable.",
    },
    { ...formatFlag, help: "Lines (pretty, the default), or the record of the end as JSON." },
  ],
  asksServers: true,
  flagsAnywhere: true,
  words: 1,
  run: applyKeys,
});

/** The exit code when the changes were taken back. */
const undoneCode = 2;
const stageMsDefault = 60_000;

async function applyKeys(call: ApiCall): Promise<number> {
  const { words, flags, api, io } = call;
  const asJson = wantsJson(call);
  const services = flags
    .all("watch")
    .flatMap((names) => names.split(","))
    .filter((name) => name !== "");
  if (services.length === 0)
    throw new CommandFailure(
      "Error! -watch is missing: name the services whose health decides, with commas between them",
    );
  const stageMs = flags.durationMs("for", stageMsDefault);
  using shutdown = listenForShutdown(io);
  const wanted = await readWantedKeys(words[0] ?? "", io);
  const changes = await attempting("Error querying the agent", () => differencesOf(new KvClient(api), wanted));
  if (changes.length === 0) {
    io.stdout(asJson ? "null\n" : "Nothing differs: no key was changed.\n");
    return 0;
  }
  const body = renderGoJson(
    {
      ...{ Changes: changes.map(encodeChange), Services: services, For: `${stageMs}ms` },
      ...{ Confirm: flags.bool("confirm"), Staged: flags.bool("staged") },
    },
    { pretty: false },
  );
  const started = await start(call, body);
  if (flags.bool("detach")) {
    io.stdout(asJson ? `${JSON.stringify(started, undefined, 4)}\n` : `${started.ID}\n`);
    return 0;
  }
  if (!asJson) io.stdout(differenceText(changes, io) + startText(started));
  const asks = started.Confirm && io.isErrorTerminal === true && canAsk();
  if (started.Confirm && !asks) io.stderr(`To keep the changes: praetor kv confirm ${started.ID}\n`);
  const ended = await attempting("Error following the trial", () =>
    followTrial(api, started, { io, asks, tellsSteps: !asJson, shutdown: shutdown.signal }),
  );
  io.stdout(asJson ? `${JSON.stringify(ended, undefined, 4)}\n` : endText(ended));
  return ended.Outcome === "kept" ? 0 : undoneCode;
}

/** Returns how keys differ from what is wanted, in the order of the wanted keys, and without those that do not differ. */
async function differencesOf(kv: KvClient, wanted: readonly WantedKey[]): Promise<readonly KvDifferenceJson[]> {
  const entries = wanted.length === 0 ? [] : await kv.list(commonPrefix(wanted.map(({ key }) => key)));
  const present = new Map(entries.map((entry) => [entry.key, entry]));
  return wanted.flatMap((key) => differenceOf(key, present.get(key.key)) ?? []);
}

function differenceOf({ key, value, flags }: WantedKey, entry: KvEntry | undefined): KvDifferenceJson | undefined {
  const before = entry && sideOf(entry.value, entry.flags, entry.modifyIndex);
  const after = value && sideOf(value, flags ?? entry?.flags ?? 0n, 0);
  if (before?.Value === after?.Value && before?.Flags === after?.Flags) return undefined;
  const operation = before && after ? "changed" : after ? "added" : "removed";
  return { Key: key, Operation: operation, Before: before ?? null, After: after ?? null };
}

function sideOf(value: Uint8Array, flags: bigint, modifyIndex: number): KvSideJson {
  return { Value: value.toBase64(), Flags: flags, ModifyIndex: modifyIndex };
}

/** Returns the longest text with which all keys begin. */
function commonPrefix([first = "", ...others]: readonly string[]): string {
  let { length } = first;
  for (const key of others) while (!key.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

/** Encodes a change that is made only if the key is still as it was when it was compared. */
function encodeChange({ Key, Before, After }: KvDifferenceJson): object {
  const cas = Before?.ModifyIndex ?? 0;
  return After ? { Key, Value: After.Value, Flags: After.Flags, Cas: cas } : { Key, Delete: true, Cas: cas };
}

async function start({ flags, api }: ApiCall, body: string): Promise<KvTrialJson> {
  const headers = reasonHeaders(flags.text("reason"));
  const answer = await attempting("Error starting the trial", () =>
    api.ok({ method: "PUT", path: "/v1/praetor/kv-trial", headers, body }),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
  return jsonOf(answer) as KvTrialJson;
}

function startText({ ID, Keys, StageMs, Stages }: KvTrialJson): string {
  const time = formatDuration(StageMs);
  const stages = Stages === 1 ? "" : ` after each of ${Stages} stages`;
  return `${counted(Keys.length, "key")} on trial for ${time}${stages}: ${ID}\n`;
}
