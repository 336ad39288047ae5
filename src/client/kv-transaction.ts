import { txnOperationsMax } from "../model/txn.ts";
import { renderGoJson } from "../wire/go-json.ts";
import type { KvTreeEntry } from "../wire/kv-tree.ts";
import { type HttpClient, jsonOf, unexpectedStatus } from "./http.ts";
import { JsonRow } from "./json-row.ts";
import { KvClient } from "./kv-client.ts";

/* Writes of many keys by PUT /v1/txn: all operations of a transaction are done, or none is. */

/** An operation on a key whose ModifyIndex must be `index`; 0 requires that the key does not exist. */
export type KvOperation =
  | { readonly verb: "cas"; readonly entry: KvTreeEntry; readonly index: number }
  | { readonly verb: "check-index" | "delete-cas"; readonly key: string; readonly index: number };

/** Operations that belong together: they are never in two transactions. */
export interface KvStep {
  readonly operations: readonly KvOperation[];
}

/**
 * Maximum size of the keys and values in one transaction, in bytes. Base64 makes values a third longer, and an agent by default
 * limits a transaction's body to 512 KiB.
 */
const bytesMax = 256 * 1024;

/** Splits steps into groups, one for each transaction, in order. A step longer than the maximum has a group of its own. */
export function* transactionsOf<Step extends KvStep>(steps: readonly Step[]): Generator<readonly Step[]> {
  let group: Step[] = [];
  let [count, bytes] = [0, 0];
  for (const step of steps) {
    const [operations, size] = [step.operations.length, bytesOf(step)];
    if (group.length > 0 && (count + operations > txnOperationsMax || bytes + size > bytesMax)) {
      yield group;
      group = [];
      [count, bytes] = [0, 0];
    }
    group.push(step);
    [count, bytes] = [count + operations, bytes + size];
  }
  if (group.length > 0) yield group;
}

/** Returns the size of a step's keys and values. A character of a key has at most three bytes. */
function bytesOf({ operations }: KvStep): number {
  return operations.reduce((sum, operation) => {
    if (operation.verb !== "cas") return sum + operation.key.length * 3;
    return sum + operation.entry.key.length * 3 + operation.entry.value.length;
  }, 0);
}

/**
 * Runs a group of steps as one transaction. Resolves with undefined when it is done, else with the reason why nothing was done: a
 * key has changed. A step too long for a transaction is done by single requests, in order; if one of them is not done, the earlier
 * ones are, and the reason says so.
 * @throws OperatingError if the agent refuses the transaction, or does not answer; without an answer it may have been done
 */
export async function runTransaction(
  http: Pick<HttpClient, "request">,
  group: readonly KvStep[],
): Promise<string | undefined> {
  const [only] = group;
  if (only !== undefined && group.length === 1 && bytesOf(only) > bytesMax) return runLong(http, only);
  const operations = group.flatMap((step) => step.operations.map((operation) => ({ KV: encode(operation) })));
  const body = renderGoJson(operations, { pretty: false });
  const answer = await http.request({ method: "PUT", path: "/v1/txn", body });
  if (answer.status === 409) return reasonsOf(jsonOf(answer));
  if (answer.status !== 200) throw unexpectedStatus(answer);
  return undefined;
}

function encode(operation: KvOperation): object {
  const { verb, index } = operation;
  if (verb !== "cas") return { Verb: verb, Key: operation.key, Index: index };
  const { key, flags, value } = operation.entry;
  return { Verb: verb, Key: key, Value: value.toBase64(), Flags: flags, Index: index };
}

function reasonsOf(json: unknown): string {
  const reasons = new JsonRow(json).rows("Errors").map((error) => error.text("What"));
  return [...new Set(reasons)].join("; ");
}

async function runLong(http: Pick<HttpClient, "request">, { operations }: KvStep): Promise<string | undefined> {
  const kv = new KvClient(http);
  const written: string[] = [];
  for (const operation of operations) {
    if (await runAlone(kv, operation)) {
      if (operation.verb === "cas") written.push(operation.entry.key);
      continue;
    }
    const what = `the key ${operation.verb === "cas" ? operation.entry.key : operation.key} has changed`;
    return written.length === 0 ? what : `${what}, after ${written.join(" and ")} was written`;
  }
  return undefined;
}

/** Runs one operation by a request of its own; resolves with whether the key is as its index says. */
async function runAlone(kv: KvClient, operation: KvOperation): Promise<boolean> {
  const cas = String(operation.index);
  switch (operation.verb) {
    case "cas": {
      const { key, flags, value } = operation.entry;
      return kv.put({ key, flags, value: new Uint8Array(value), condition: { cas } });
    }
    case "delete-cas":
      return kv.delete(operation.key, { cas });
    case "check-index":
      return ((await kv.get(operation.key))?.modifyIndex ?? 0) === operation.index;
  }
}
