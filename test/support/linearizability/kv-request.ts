import type { KvInput, KvOutput, KvShown, KvStep } from "./kv-operation.ts";
import type { LineAnswer, LineRequest } from "./line.ts";

/** Returns the request for an operation on the group of keys in this folder, which ends in "/". */
export function kvRequest(folder: string, input: KvInput): LineRequest {
  switch (input.kind) {
    case "step":
      return stepRequest(`/v1/kv/${folder}`, input.step);
    case "txn":
      return { method: "PUT", path: "/v1/txn", body: JSON.stringify(input.steps.map((step) => txnStep(folder, step))) };
    case "list":
      return { method: "GET", path: `/v1/kv/${folder}?recurse` };
    case "delete-tree":
      return { method: "DELETE", path: `/v1/kv/${folder}?recurse` };
    case "create-session":
      return { method: "PUT", path: "/v1/session/create", body: '{"LockDelay":"0s","Checks":[]}' };
    case "destroy-session":
      return { method: "PUT", path: `/v1/session/destroy/${input.session}` };
  }
}

function stepRequest(folder: string, { verb, key, value, index, session }: KvStep): LineRequest {
  const path = folder + key;
  switch (verb) {
    case "set":
      return { method: "PUT", path, body: value };
    case "cas":
      return { method: "PUT", path: `${path}?cas=${index}`, body: value };
    case "lock":
      return { method: "PUT", path: `${path}?acquire=${session}`, body: value };
    case "unlock":
      return { method: "PUT", path: `${path}?release=${session}`, body: value };
    case "delete":
      return { method: "DELETE", path };
    case "delete-cas":
      return { method: "DELETE", path: `${path}?cas=${index}` };
    case "get":
      return { method: "GET", path };
    case "check-index":
    case "check-not-exists":
      throw new Error(`${verb} is for transactions`);
  }
}

function txnStep(folder: string, { verb, key, value, index, session }: KvStep): object {
  return { KV: { Verb: verb, Key: folder + key, Value: btoa(value), Index: index, Session: session } };
}

/** Decodes the answer to an operation. @throws Error for an answer that no correct agent gives */
export function kvOutput(folder: string, input: KvInput, { status, body }: LineAnswer): KvOutput {
  const isRead = input.kind === "list" || (input.kind === "step" && input.step.verb === "get");
  if (isRead && status === 404) return { kind: "shown", rows: [] };
  if (isRead && status === 200) return { kind: "shown", rows: shownRows(folder, JSON.parse(body)) };
  if (input.kind === "txn" && (status === 200 || status === 409)) return txnOutput(folder, JSON.parse(body));
  if (input.kind === "create-session" && status === 200) {
    return { kind: "session", id: (JSON.parse(body) as { readonly ID: string }).ID };
  }
  if (status === 200 && /^true\s*$/.test(body)) return { kind: "written", result: "done" };
  if (status === 200 && /^false\s*$/.test(body)) return { kind: "written", result: "refused" };
  if (status === 500 && /invalid session/.test(body)) return { kind: "written", result: "invalid-session" };
  throw new Error(`${JSON.stringify(input)} was answered ${status} ${body}`);
}

interface Entry {
  readonly Key: string;
  readonly Value: string | null;
  readonly Session?: string;
  readonly LockIndex: number;
  readonly ModifyIndex: number;
}

function shownRows(folder: string, entries: readonly Entry[]): readonly KvShown[] {
  return entries.map((entry) => ({
    key: entry.Key.slice(folder.length),
    value: entry.Value === null ? undefined : atob(entry.Value),
    session: entry.Session ?? "",
    lockIndex: entry.LockIndex,
    modifyIndex: entry.ModifyIndex,
  }));
}

interface TxnAnswer {
  readonly Results: readonly { readonly KV: Entry }[] | null;
  readonly Errors: readonly { readonly OpIndex: number }[] | null;
}

function txnOutput(folder: string, { Results, Errors }: TxnAnswer): KvOutput {
  if (Errors !== null) return { kind: "rolled-back", failed: Errors.map(({ OpIndex }) => OpIndex) };
  return {
    kind: "committed",
    rows: shownRows(
      folder,
      (Results ?? []).map(({ KV }) => KV),
    ),
  };
}
