import { isReadOnly } from "../../live/place.ts";
import { readBy, readOnce, write } from "../../live/reading.ts";
import { isAbsence, type Outcome } from "../../live/request.ts";
import { apiPathOf, encodeName, isAddressable } from "./names.ts";
import { bytesMax, type KeyOperation, operationsMax, type Step, transactionsOf } from "./steps.ts";
import type { Pair } from "./value.ts";

/* Reads and writes of many keys. */

/** The end of a long write. */
export interface Written {
  /** Number of steps that were done. */
  readonly done: number;
  readonly all: number;
  /** Why the rest was not done: the agent's text; undefined if all was done. */
  readonly fault?: string;
}

/** Runs steps in transactions, one after the other, until one fails. @param onProgress gets the number of steps that are done */
export async function runSteps(steps: readonly Step[], onProgress: (done: number) => void): Promise<Written> {
  let done = 0;
  for (const transaction of transactionsOf(steps)) {
    const fault = faultOf(await send(transaction.flat()));
    if (fault !== undefined) return { done, all: steps.length, fault };
    done += transaction.length;
    onProgress(done);
  }
  return { done, all: steps.length };
}

/** Sends a transaction. A single write of a large value goes the way that takes values of any allowed size. */
function send(operations: readonly KeyOperation[]): Promise<Outcome> {
  const [first] = operations;
  if (operations.length === 1 && first?.Verb === "cas" && (first.Value?.length ?? 0) > bytesMax) {
    const bytes = Uint8Array.from(atob(first.Value ?? ""), (character) => character.charCodeAt(0));
    return write("PUT", `v1/kv/${encodeName(first.Key)}?cas=${first.Index ?? 0}&flags=${first.Flags ?? 0}`, bytes);
  }
  return write("PUT", "v1/txn", JSON.stringify(operations.map((KV) => ({ KV }))));
}

/** Returns why a write was not done, with the reasons of each operation of a transaction; undefined if it was done. */
export function faultOf(outcome: Outcome): string | undefined {
  if ("answer" in outcome)
    return outcome.answer.value === false ? "the key has been changed in the meantime" : undefined;
  const errors = errorsOf(outcome.failure.text);
  return errors.length === 0 ? outcome.failure.text : [...new Set(errors.map(({ What }) => What))].join("; ");
}

interface OperationError {
  readonly OpIndex: number;
  readonly What: string;
}

/** Returns the errors of the answer of a transaction that was not done. */
function errorsOf(text: string): readonly OperationError[] {
  if (!text.startsWith("{")) return [];
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of an answer of v1/txn
    const { Errors } = JSON.parse(text) as { readonly Errors?: readonly OperationError[] | null };
    return Errors ?? [];
  } catch {
    return [];
  }
}

/** The keys that were read, without those that do not exist. */
export type Found = { readonly pairs: ReadonlyMap<string, Pair> } | { readonly fault: string };

/** Reads many keys with their values. */
export async function readKeys(keys: readonly string[]): Promise<Found> {
  const pairs = new Map<string, Pair>();
  for (let at = 0; at < keys.length; at += operationsMax) {
    const some = keys.slice(at, at + operationsMax);
    const fault = await (isReadOnly ? readEach(some, pairs) : readSome(some, pairs));
    if (fault !== undefined) return { fault };
  }
  return { pairs };
}

/** Reads each key by a request of its own. Where browsers may only read, the agent refuses transactions, also those of reads alone. */
async function readEach(keys: readonly string[], pairs: Map<string, Pair>): Promise<string | undefined> {
  const outcomes = await Promise.all(keys.filter(isAddressable).map((key) => readOnce(apiPathOf(key))));
  for (const outcome of outcomes) {
    if ("failure" in outcome) {
      if (!isAbsence(outcome.failure)) return outcome.failure.text;
      continue;
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of an answer of v1/kv
    for (const pair of outcome.answer.value as readonly Pair[]) pairs.set(pair.Key, pair);
  }
  return undefined;
}

/** Reads keys of one transaction. It fails if one does not exist, and names those; then the others are read. */
async function readSome(keys: readonly string[], pairs: Map<string, Pair>): Promise<string | undefined> {
  if (keys.length === 0) return undefined;
  const operations = keys.map((Key) => ({ KV: { Verb: "get", Key } }));
  const outcome = await readBy("v1/txn", JSON.stringify(operations));
  if ("answer" in outcome) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape of an answer of v1/txn
    const { Results } = outcome.answer.value as { readonly Results: readonly { readonly KV: Pair }[] | null };
    for (const { KV } of Results ?? []) pairs.set(KV.Key, KV);
    return undefined;
  }
  const missing = new Set(errorsOf(outcome.failure.text).map(({ OpIndex }) => OpIndex));
  if (missing.size === 0) return outcome.failure.text;
  return readSome(
    keys.filter((_, at) => !missing.has(at)),
    pairs,
  );
}
