import type { Clock } from "../../lib/clock.ts";
import { formatDuration } from "../../lib/duration.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { Random } from "../../lib/random.ts";
import { kvTrialLimits } from "../../model/kv-trial.ts";
import {
  keepKvTrial,
  kvTrial,
  kvTrialList,
  stagesByService,
  startKvTrial,
  undoKvTrial,
} from "../../registry/kv-trial.ts";
import type { Registry } from "../../registry/registry.ts";
import { decodeKvTrial, encodeKvTrial, type KvTrialRequest } from "../../wire/kv-trial.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { readJson } from "../json-body.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface KvTrialParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly kvValueBytesMax: number;
  /** Maximum size of the body that starts a trial, in bytes: that of a transaction. */
  readonly txnBytesMax: number;
}

/** Starts a trial: makes all changes of its first stage at once, and answers with the trial. */
export function startTrial({ clock, random, kvValueBytesMax, txnBytesMax }: KvTrialParts): DatacenterEndpoint {
  return async (request) => {
    const asked = await readJson(request, {
      body: request.body(txnBytesMax, "txn_max_req_len"),
      decode: decodeKvTrial,
      fault: (what) => new HttpError(400, `Bad request: ${what}`),
    });
    checkLimits(asked, kvValueBytesMax);
    const { changes, services, stageMs, needsConfirm, isStaged } = asked;
    const stages = isStaged ? stagesByService(changes, services) : [changes];
    const id = random.uuid();
    return async ({ store }) => {
      const trial = { id, services, stageMs, needsConfirm };
      const { registry } = request.caller;
      await refusing(startKvTrial(registry, { trial, stages, atMs: clock.wallMs() }));
      return answerTrial(request, store, id);
    };
  };
}

function checkLimits({ changes, services, stageMs }: KvTrialRequest, valueBytesMax: number): void {
  const { keysMax, servicesMax, stageMsMin, stageMsMax } = kvTrialLimits;
  const refuse = (what: string, status = 400): never => {
    throw new HttpError(status, `Bad request: ${what}. Nothing was changed`);
  };
  if (changes.length === 0) refuse("Changes is empty: name the keys that the trial changes");
  if (changes.length > keysMax) refuse(`Changes has ${changes.length} keys, and a trial ${keysMax} at the most`, 413);
  if (services.length === 0) refuse("Services is empty: name the services whose health decides");
  if (services.length > servicesMax) refuse(`Services has more than ${servicesMax} names`);
  if (stageMs < stageMsMin || stageMs > stageMsMax)
    refuse(`For is a time from ${formatDuration(stageMsMin)} to ${formatDuration(stageMsMax)}`);
  const keys = new Set<string>();
  for (const { key, content } of changes) {
    if (keys.has(key)) refuse(`Changes has the key ${JSON.stringify(key)} twice`);
    keys.add(key);
    if (content && content.value.length > valueBytesMax)
      refuse(`the value of the key ${JSON.stringify(key)} has more than ${valueBytesMax} bytes`, 413);
  }
}

/** Answers with all pending trials and the records of the newest ended ones, the newest first. */
export const listTrials: DatacenterEndpoint = (request) => (reading) =>
  answerJson(request, kvTrialList(reading.store.state), (trials) => trials.map(encodeKvTrial))(reading);

/** Answers with one trial; 404 for an id of no trial, or of one that the caller may not see. */
export const getTrial: DatacenterEndpoint = (request) => (reading) =>
  answerJson(request, kvTrial(reading.store.state, idOf(request)), (found) => found && encodeKvTrial(found))(reading);

/** Keeps the changes of a pending trial, and answers with its record. */
export function confirmTrial({ clock }: Pick<KvTrialParts, "clock">): DatacenterEndpoint {
  return endTrial((registry, id) => keepKvTrial(registry, id, clock.wallMs()));
}

/** Takes the changes of a pending trial back, and answers with its record. */
export function undoTrial({ clock }: Pick<KvTrialParts, "clock">): DatacenterEndpoint {
  return endTrial((registry, id) => undoKvTrial(registry, id, clock.wallMs()));
}

function endTrial(end: (registry: Registry, id: string) => Promise<void>): DatacenterEndpoint {
  return (request) => {
    const id = idOf(request);
    return async ({ store }) => {
      // The rights to end it depend on its keys, so this server must know it.
      await store.freshen("leader");
      await refusing(end(request.caller.registry, id));
      return answerTrial(request, store, id);
    };
  };
}

/** Answers with the trial that the request has just changed; null to a caller that may write its keys, and not read them. */
function answerTrial(request: HttpRequest, store: Registry, id: string): Response {
  const found = request.caller.registry.read(kvTrial(store.state, id));
  return json(request, found ? encodeKvTrial(found) : null);
}

function idOf({ rest }: HttpRequest): string {
  if (rest === "") throw new HttpError(400, "Bad request: the path ends with the id of a trial");
  return rest;
}

/** Answers refusals by the present state with 409, and an unknown trial with 404. */
async function refusing(done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof OperatingError) || !error.code.startsWith("trial-")) throw error;
    throw new HttpError(error.code === "trial-unknown" ? 404 : 409, error.message);
  }
}
