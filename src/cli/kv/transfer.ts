import { KvClient } from "../../client/kv-client.ts";
import { type KvStep, runTransaction, transactionsOf } from "../../client/kv-transaction.ts";
import { type ErrorKind, OperatingError } from "../../lib/errors.ts";
import type { KvEntry } from "../../model/kv-entry.ts";
import type { AgentApi } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";

/*
 * Copies and moves keys. All keys are read first, then written in transactions. Each transaction checks that its keys have not
 * changed since they were read, so nothing is lost that another client writes meanwhile. Run again after a failure, it does what
 * is missing: a destination that already has the value is not overwritten.
 */

export interface Transfer {
  /** A key, or a folder with a slash at its end. */
  readonly from: string;
  readonly to: string;
  /** Whether all keys of the folder are meant. */
  readonly isTree: boolean;
  readonly isMove: boolean;
  /** Whether keys at the destination with other values are overwritten. */
  readonly overwrites: boolean;
}

/** A key that is copied or moved, and its new name. */
export interface TransferredKey {
  readonly from: string;
  readonly to: string;
}

interface TransferStep extends KvStep {
  readonly names: TransferredKey;
}

/** How far a transfer came. */
export interface Transferred {
  readonly done: readonly TransferredKey[];
  /** The keys of a transaction to which the agent gave no answer: it was done, or it was not. */
  readonly unknown: readonly TransferredKey[];
  readonly notDone: readonly TransferredKey[];
  /** Why not all was done; undefined if it was. */
  readonly fault: string | undefined;
}

/**
 * Reads the keys and returns the step of each.
 * @throws CommandFailure if there is no such key, or a key may not be moved or overwritten; OperatingError if the agent fails
 */
export async function planTransfer(api: AgentApi, transfer: Transfer): Promise<readonly TransferStep[]> {
  const kv = new KvClient(api);
  const { from, to, isTree } = transfer;
  const sources = await read(kv, from, isTree);
  if (sources.length === 0) throw new CommandFailure(`Error! ${await missing(kv, transfer)}`);
  refuseLocked(sources, transfer);
  const targets = new Map((await read(kv, to, isTree)).map((entry) => [entry.key, entry]));
  const renamed = (key: string): string => to + key.slice(from.length);
  if (!transfer.overwrites) {
    const clashes = sources.filter((source) => isOther(source, targets.get(renamed(source.key))));
    refuseClashes(clashes.map(({ key }) => renamed(key)));
  }
  return sources.map((source) => stepOf(source, renamed(source.key), { targets, isMove: transfer.isMove }));
}

async function read(kv: KvClient, name: string, isTree: boolean): Promise<readonly KvEntry[]> {
  if (isTree) return kv.list(name);
  const entry = await kv.get(name);
  return entry === undefined ? [] : [entry];
}

async function missing(kv: KvClient, { from, isTree }: Transfer): Promise<string> {
  if (isTree) return `No key exists below: ${from}`;
  const folder = from.endsWith("/") ? from : `${from}/`;
  const below = await kv.names(folder, "/").catch(() => []);
  return `No key exists at: ${from}${below.length === 0 ? "" : "\nThere are keys below it: -recurse takes them all."}`;
}

/** A moved key would be unlocked, and its session would not know. */
function refuseLocked(sources: readonly KvEntry[], { isMove }: Transfer): void {
  const locked = isMove ? sources.filter(({ session }) => session !== "") : [];
  const [first] = locked;
  if (first === undefined) return;
  const names = locked.map(({ key }) => key);
  throw new CommandFailure(
    `Error! Nothing was moved: sessions lock ${listed(names)}. Release the lock first, as in: ` +
      `praetor kv put -release -session=${first.session} ${first.key}`,
  );
}

function refuseClashes(clashes: readonly string[]): void {
  if (clashes.length === 0) return;
  throw new CommandFailure(
    `Error! Nothing was written: there are other values at ${listed(clashes)}. -force overwrites them.`,
  );
}

const namesMax = 5;

function listed(names: readonly string[]): string {
  const more = names.length - namesMax;
  return names.slice(0, namesMax).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

function isOther(source: KvEntry, target: KvEntry | undefined): boolean {
  return target !== undefined && (target.flags !== source.flags || Buffer.compare(target.value, source.value) !== 0);
}

function stepOf(
  { key, flags, value, modifyIndex }: KvEntry,
  to: string,
  { targets, isMove }: { readonly targets: ReadonlyMap<string, KvEntry>; readonly isMove: boolean },
): TransferStep {
  const put = { verb: "cas", entry: { key: to, flags, value }, index: targets.get(to)?.modifyIndex ?? 0 } as const;
  const source = { key, index: modifyIndex };
  return {
    names: { from: key, to },
    operations: isMove ? [put, { verb: "delete-cas", ...source }] : [{ verb: "check-index", ...source }, put],
  };
}

export interface RunOptions {
  /** Gets the keys of each transaction that is done, and the number of keys done so far. */
  readonly onDone: (keys: readonly TransferredKey[], count: number) => void;
  /** Stops before the next transaction when it aborts. */
  readonly signal: AbortSignal;
}

/** Runs the steps in transactions, one after the other, until one is not done. */
export async function runTransfer(
  api: AgentApi,
  steps: readonly TransferStep[],
  { onDone, signal }: RunOptions,
): Promise<Transferred> {
  const names = steps.map((step) => step.names);
  let at = 0;
  const ended = (fault: string | undefined, unknown = 0): Transferred => ({
    ...{ done: names.slice(0, at), unknown: names.slice(at, at + unknown), notDone: names.slice(at + unknown), fault },
  });
  for (const group of transactionsOf(steps)) {
    if (signal.aborted) return ended("interrupted");
    try {
      const reason = await runTransaction(api, group);
      if (reason !== undefined) return ended(reason);
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      return ended(error.message, isUnconfirmed.has(error.kind) ? group.length : 0);
    }
    at += group.length;
    onDone(
      group.map((step) => step.names),
      at,
    );
  }
  return ended(undefined);
}

/** The kinds of errors after which a write may have been done. */
const isUnconfirmed: ReadonlySet<ErrorKind> = new Set(["unavailable", "timeout"]);
