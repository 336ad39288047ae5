import type { Pair } from "./value.ts";

/*
 * Steps: the writes of copies, moves, deletions and imports of many keys, and how they are parted into transactions. The agent takes 64
 * operations in a transaction, and as many bytes as a value may have (txn_max_req_len); all operations of one are done, or none is.
 */

/** An operation on a key, as `v1/txn` takes it. */
export interface KeyOperation {
  readonly Verb: "get" | "set" | "cas" | "delete" | "delete-cas" | "delete-tree" | "check-index" | "unlock";
  readonly Key: string;
  readonly Value?: string;
  readonly Flags?: number;
  readonly Index?: number;
  readonly Session?: string;
}

/** The operations that belong together: they are never in two transactions. */
export type Step = readonly KeyOperation[];

export const operationsMax: number = 64;
/** Below the default of txn_max_req_len, 512 KiB, for the parts of the body beside the values. */
export const bytesMax: number = 480 * 1024;

/** Parts steps into transactions, in order. A step that is larger than a transaction has one of its own. */
export function transactionsOf(steps: readonly Step[]): readonly (readonly Step[])[] {
  const all: Step[][] = [];
  let [count, bytes] = [0, 0];
  for (const step of steps) {
    const size = step.reduce((sum, each) => sum + each.Key.length * 3 + (each.Value?.length ?? 0) + 150, 0);
    const last = all.at(-1);
    if (last && count + step.length <= operationsMax && bytes + size <= bytesMax) {
      last.push(step);
      [count, bytes] = [count + step.length, bytes + size];
    } else {
      all.push([step]);
      [count, bytes] = [step.length, size];
    }
  }
  return all;
}

/** A selected row. A key that ends in a slash is not its folder. */
export interface Chosen {
  readonly name: string;
  readonly kind: "key" | "folder";
}

/** An element of the file of an export: the form of `consul kv export`. */
export interface Exported {
  readonly key: string;
  readonly flags: number;
  /** Base64. */
  readonly value: string;
}

export type Read<T> = { readonly value: T } | { readonly fault: string };

/** Returns the steps that delete what is chosen. The agent deletes a folder in one operation. */
export function deletionSteps(chosen: readonly Chosen[]): readonly Step[] {
  return chosen.map(({ name, kind }) => [{ Verb: kind === "folder" ? "delete-tree" : "delete", Key: name }]);
}

interface Transfer {
  readonly from: string;
  readonly to: string;
  readonly isMove: boolean;
}

/** Returns the name of a key after its folder, or itself, got another name. */
export function renamed(key: string, { from, to }: Pick<Transfer, "from" | "to">): string {
  return to + key.slice(from.length);
}

/**
 * Returns a step for each key that is copied or moved. A destination is written only if it is as it was when it was read, and a source
 * deleted only if it was not changed since; both happen, or neither does.
 */
export function transferSteps(
  pairs: readonly Pair[],
  existing: ReadonlyMap<string, Pair>,
  transfer: Transfer,
): readonly Step[] {
  return pairs.map(({ Key, Value, Flags, ModifyIndex }) => {
    const to = renamed(Key, transfer);
    const put = { Verb: "cas", Key: to, Value: Value ?? "", Flags, Index: existing.get(to)?.ModifyIndex ?? 0 } as const;
    return transfer.isMove ? [put, { Verb: "delete-cas", Key, Index: ModifyIndex }] : [put];
  });
}

/** Returns the text of an export. */
export function exportText(pairs: readonly Pair[]): string {
  const entries = pairs
    .map(({ Key, Flags, Value }): Exported => ({ key: Key, flags: Flags, value: Value ?? "" }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return `${JSON.stringify(entries, undefined, "\t")}\n`;
}

/** Returns the entries of an export's file. */
export function parseExport(text: string): Read<readonly Exported[]> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { fault: `The file is no JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!Array.isArray(parsed)) return { fault: "The file is no export of keys: it must be a list in brackets." };
  const entries: Exported[] = [];
  for (const [at, entry] of parsed.entries()) {
    const read = exportedOf(entry);
    if (!read) return { fault: `Entry ${at + 1} of the file has no key, or its value is no base64.` };
    entries.push(read);
  }
  const double = entries.find(({ key }, at) => entries.findIndex((each) => each.key === key) !== at);
  return double ? { fault: `The key ${JSON.stringify(double.key)} is in the file twice.` } : { value: entries };
}

function exportedOf(entry: unknown): Exported | undefined {
  if (typeof entry !== "object" || entry === null || !("key" in entry) || typeof entry.key !== "string")
    return undefined;
  const value = "value" in entry ? (entry.value ?? "") : "";
  const flags = "flags" in entry ? entry.flags : 0;
  if (entry.key === "" || typeof value !== "string" || typeof flags !== "number") return undefined;
  try {
    atob(value);
  } catch {
    return undefined;
  }
  return { key: entry.key, flags, value };
}

/** A key of an import, and what it does to the key that exists. */
export interface ImportRow extends Exported {
  readonly change: "new" | "changed" | "same";
  /** ModifyIndex of the key that exists; 0 for a new key. */
  readonly index: number;
}

/** Returns what an import will change. */
export function importRows(entries: readonly Exported[], existing: ReadonlyMap<string, Pair>): readonly ImportRow[] {
  return entries.map((entry) => {
    const pair = existing.get(entry.key);
    if (!pair) return { ...entry, change: "new", index: 0 };
    const isSame = (pair.Value ?? "") === entry.value && pair.Flags === entry.flags;
    return { ...entry, change: isSame ? "same" : "changed", index: pair.ModifyIndex };
  });
}

/** Returns a step for each key that an import creates or changes, if it is still as the preview has shown it. */
export function importSteps(rows: readonly ImportRow[]): readonly Step[] {
  return rows
    .filter(({ change }) => change !== "same")
    .map(({ key, value, flags, index }): Step => [{ Verb: "cas", Key: key, Value: value, Flags: flags, Index: index }]);
}

/** Returns the step that takes a key from the session that holds it, and keeps its value. Nothing is done if the key has changed. */
export function unlockStep({ Key, Value, Flags, ModifyIndex }: Pair, session: string): readonly KeyOperation[] {
  return [
    { Verb: "check-index", Key, Index: ModifyIndex },
    { Verb: "unlock", Key, Value: Value ?? "", Flags, Session: session },
  ];
}
