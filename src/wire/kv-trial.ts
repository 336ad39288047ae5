import type { CheckRow } from "../model/check.ts";
import type { Cause } from "../model/kv-history.ts";
import type {
  KvTrialChange,
  KvTrialKey,
  KvTrialKeyState,
  KvTrialOutcome,
  KvTrialRow,
  WatchedStatus,
} from "../model/kv-trial.ts";
import { decodeBase64 } from "./base64.ts";
import { durationField } from "./json-duration.ts";
import { fieldNames, JsonFields, readUint64 } from "./json-fields.ts";
import { decodeFailure, decodeFailureReason } from "./json.ts";
import { encodeKvAuthor, type KvAuthorJson } from "./kv-history.ts";

/** The body that starts a trial. */
export interface KvTrialRequest {
  readonly changes: readonly KvTrialChange[];
  readonly services: readonly string[];
  readonly stageMs: number;
  readonly needsConfirm: boolean;
  /** Whether each service has a stage of its own. */
  readonly isStaged: boolean;
}

const requestNames = fieldNames(["Changes", "Services", "For", "Confirm", "Staged"]);
const changeNames = fieldNames(["Key", "Value", "Flags", "Delete", "Cas"]);
const where = "KVTrial";

/** Decodes the body that starts a trial. @throws OperatingError invalid, code "decode" */
export function decodeKvTrial(json: unknown): KvTrialRequest {
  const fields = new JsonFields(json, { names: requestNames, source: "api", where });
  return {
    changes: fields.list("Changes", "[]Change").map(decodeChange),
    services: [...new Set(fields.stringList("Services"))],
    stageMs: Math.ceil(durationField(fields, "For", "api")),
    needsConfirm: fields.bool("Confirm"),
    isStaged: fields.bool("Staged"),
  };
}

function decodeChange(json: unknown): KvTrialChange {
  const fields = new JsonFields(json, { names: changeNames, source: "api", where: "Change" });
  const key = fields.string("Key");
  if (key === "") throw decodeFailure("a change has no Key");
  const cas = fields.has("Cas") ? { cas: fields.int("Cas") } : {};
  if (fields.bool("Delete")) {
    if (fields.has("Value")) throw decodeFailure(`the change of the key ${JSON.stringify(key)} has Delete and a Value`);
    return { key, content: undefined, ...cas };
  }
  return {
    key,
    content: { value: decodeValue(key, fields.string("Value")), flags: readUint64(fields, "Flags", "Change") },
    ...cas,
  };
}

function decodeValue(key: string, text: string): Uint8Array {
  try {
    return decodeBase64(text);
  } catch (error) {
    throw decodeFailure(`the Value of the key ${JSON.stringify(key)} is not base64: ${decodeFailureReason(error)}`);
  }
}

/** A trial in the answers of /v1/praetor/kv-trial. It has no values. */
export interface KvTrialJson {
  readonly ID: string;
  readonly Outcome: KvTrialOutcome;
  /** Why it was kept or undone; absent while it is pending. */
  readonly Why?: string;
  /** The number of the stage that is on trial, and the number of all stages. */
  readonly Stage: number;
  readonly Stages: number;
  readonly StartedAt: string;
  /** When the time of the present stage is over, by the wall clock; absent when the trial has ended. */
  readonly EndsAt?: string;
  readonly EndedAt?: string;
  /** How long each stage is watched, in milliseconds. */
  readonly StageMs: number;
  /** Whether it is undone unless a caller confirms it. */
  readonly Confirm: boolean;
  readonly Services: readonly KvTrialServiceJson[];
  readonly Keys: readonly KvTrialKeyJson[];
  /** The caller that started it. */
  readonly By: KvAuthorJson;
  readonly Reason?: string;
  /** The caller that ended it; absent while it is pending, and if the server ended it. */
  readonly EndedBy?: KvAuthorJson;
}

export interface KvTrialServiceJson {
  readonly Service: string;
  /** The present status, by the worst check; absent when the trial has ended. */
  readonly Status?: WatchedStatus;
  readonly CheckID?: string;
  readonly Node?: string;
}

export interface KvTrialKeyJson {
  readonly Key: string;
  readonly Operation: KvTrialKey["operation"];
  readonly Stage: number;
  /** "left": another writer had changed the key, so the undoing left it as it was. */
  readonly State: KvTrialKeyState;
}

interface SeenTrial {
  readonly trial: KvTrialRow;
  readonly services: readonly {
    readonly service: string;
    readonly status: WatchedStatus;
    readonly check: CheckRow | undefined;
  }[];
}

export function encodeKvTrial({ trial, services }: SeenTrial): KvTrialJson {
  const { id, outcome, why, stage, stages, startedMs, stagedMs, stageMs, needsConfirm, keys, cause, ended } = trial;
  return {
    ...{ ID: id, Outcome: outcome, ...(why !== "" && { Why: why }), Stage: stage, Stages: stages },
    StartedAt: timeText(startedMs),
    ...(ended ? { EndedAt: timeText(ended.atMs) } : { EndsAt: timeText(stagedMs + stageMs) }),
    ...{ StageMs: stageMs, Confirm: needsConfirm },
    Services: services.map(({ service, status, check }) => ({
      Service: service,
      ...(!ended && { Status: status, ...(check && { CheckID: check.id, Node: check.node }) }),
    })),
    Keys: keys.map(encodeKey),
    By: encodeKvAuthor(cause),
    ...(cause.reason !== "" && { Reason: cause.reason }),
    ...(ended && isKnown(ended.cause) && { EndedBy: encodeKvAuthor(ended.cause) }),
  };
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

function encodeKey({ key, operation, stage, state }: KvTrialKey): KvTrialKeyJson {
  return { Key: key, Operation: operation, Stage: stage, State: state };
}

function isKnown({ accessorId, address, client }: Cause): boolean {
  return accessorId !== "" || address !== "" || client !== "";
}
