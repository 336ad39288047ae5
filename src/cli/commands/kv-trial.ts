import { jsonOf } from "../../client/http.ts";
import type { KvTrialJson } from "../../wire/kv-trial.ts";
import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import { endText, stageText } from "../kv/trial-text.ts";
import { formatFlag, printTable, printText } from "../output-format.ts";
import { printable } from "../printable.ts";

export const kvTrialsCommand: Command = apiCommand({
  name: "kv trials",
  summary: "Lists changes of keys that are or were on trial",
  synopsis: "[options]",
  about: "Lists the pending trials of kv apply, and the newest 20 that have ended, the newest first.",
  examples: [{ what: "Why a change was taken back", command: "kv trials" }],
  flags: [formatFlag],
  asksServers: true,
  words: 0,
  run: listTrials,
});

export const kvConfirmCommand: Command = apiCommand({
  name: "kv confirm",
  summary: "Keeps the changes of a pending trial",
  synopsis: "[options] [ID]",
  about:
    "Ends a trial of kv apply before its time, and keeps its changes. The ID can be left out if one trial is pending.",
  examples: [{ what: "Keep what is on trial", command: "kv confirm" }],
  flags: [formatFlag],
  asksServers: true,
  run: (call) => endTrial(call, "confirm"),
});

export const kvUndoCommand: Command = apiCommand({
  name: "kv undo",
  summary: "Takes the changes of a pending trial back",
  synopsis: "[options] [ID]",
  about:
    "Ends a trial of kv apply, and takes its changes back, but those of keys that another writer has changed meanwhile. The ID can be " +
    "left out if one trial is pending. For changes that were kept there is kv rollback.",
  examples: [{ what: "Take back what is on trial", command: "kv undo" }],
  flags: [formatFlag],
  asksServers: true,
  run: (call) => endTrial(call, "undo"),
});

async function readTrials({ api }: ApiCall): Promise<readonly KvTrialJson[]> {
  const json = await attempting("Error querying the agent", () => api.json("/v1/praetor/kv-trials"));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
  return json as readonly KvTrialJson[];
}

async function listTrials(call: ApiCall): Promise<void> {
  const trials = await readTrials(call);
  printTable(call, trials, () => [
    ["ID", "Started", "Keys", "Services", "Outcome", "Until", "Why"],
    ...trials.map((trial) => [
      ...[trial.ID, trial.StartedAt, String(trial.Keys.length)],
      ...[trial.Services.map(({ Service }) => printable(Service)).join(",") || "-", outcomeText(trial)],
      ...[trial.EndedAt ?? trial.EndsAt ?? "-", printable(trial.Why ?? trial.Reason ?? "") || "-"],
    ]),
  ]);
}

function outcomeText(trial: KvTrialJson): string {
  const stage = trial.Outcome === "pending" ? stageText(trial) : "";
  return stage === "" ? trial.Outcome : `${trial.Outcome}, ${stage}`;
}

async function endTrial(call: ApiCall, wish: "confirm" | "undo"): Promise<void> {
  const { words, api } = call;
  if (words.length > 1) throw new CommandFailure(`Too many arguments (expected 1, got ${words.length})`);
  const id = words[0] ?? (await onlyPending(call));
  const path = `/v1/praetor/kv-trial-${wish}/${encodeURIComponent(id)}`;
  const answer = await attempting("Error ending the trial", () => api.ok({ method: "PUT", path }));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
  const trial = jsonOf(answer) as KvTrialJson;
  printText(call, trial, () => endText(trial));
}

async function onlyPending(call: ApiCall): Promise<string> {
  const pending = (await readTrials(call)).filter(({ Outcome }) => Outcome === "pending");
  const [only] = pending;
  if (!only) throw new CommandFailure("Error! No trial is pending");
  if (pending.length > 1)
    throw new CommandFailure(`Error! ${pending.length} trials are pending: name one. 'praetor kv trials' lists them.`);
  return only.ID;
}
