import { isRecord } from "../../lib/is-record.ts";
import type { Log } from "../../lib/log.ts";
import type { LocalRow } from "../../registry/local-rows.ts";
import type { ServerAddress } from "../join-call.ts";

/** Where a server is, as its owner says. */
export interface KnownServer extends ServerAddress {
  /** The owner raises this number at each start, so of two records the one with the higher number is true. */
  readonly start: number;
}

/** An attempt to begin a cluster, to which this server is bound until its starter says what became of it. */
export interface Promised {
  /** The node id of the starter: this server's own while it is the starter itself. */
  readonly to: string;
  /** An id that no other attempt has. */
  readonly attempt: string;
  /** When this server is the starter: the servers that are to begin. */
  readonly members: readonly string[];
}

/**
 * How far this server's etcd is as a member:
 * - "decided": the members are known, and etcd has not been started with them. All data in its folder is older.
 * - "begun": etcd may have been started, and may have voted.
 * - "member": etcd was ready, as a voter.
 * - "lost": etcd is a member no longer or has no data, so the other members have to take it in anew.
 */
export type Stage = "decided" | "begun" | "member" | "lost";

export interface Membership {
  readonly stage: Stage;
  /** The cluster's token, by which etcds of other clusters are refused. */
  readonly token: string;
  /** The attempt by which the cluster has begun; undefined on servers that were taken in later. */
  readonly attempt: string | undefined;
  /** The node ids of the members with which etcd is started first. */
  readonly members: readonly string[];
  /** As etcd's flag: "new" for the servers that begin the cluster. */
  readonly state: "new" | "existing";
  /** The node id of the server whose data go in; "" if none has data; undefined on servers that were taken in later. */
  readonly founder: string | undefined;
  /** Whether the cluster has one server more by this one. False if it had been a voter before. */
  readonly isNew: boolean;
  /** The id of raft; undefined on a server that begins a cluster until its etcd was ready. */
  readonly raftId: string | undefined;
}

/** All that a server must know about its cluster after a restart. */
export interface FormationState {
  /** The number of this start. */
  readonly start: number;
  readonly promised: Promised | undefined;
  readonly membership: Membership | undefined;
  /** The other servers. */
  readonly known: readonly KnownServer[];
  /** The tokens of the clusters in whose place `praetor operator recover` has put this one. */
  readonly givenUp: readonly string[];
  /** Whether another cluster is in the place of this server's, so that this server must not start. */
  readonly isGivenUp: boolean;
}

/** Writes rows that only this server uses; resolves when they are durable. See registry/local-rows.ts. */
export interface RowWriter {
  save(rows: readonly LocalRow[]): Promise<void>;
}

/** The key of the local row of a server that has been one of several. */
const formationKey = "cluster/formation";
const empty: FormationState = {
  ...{ start: 0, promised: undefined, membership: undefined, known: [] },
  ...{ givenUp: [], isGivenUp: false },
};

/** The state of a server's formation, which is on disk before anything sees it. */
export class SavedFormation {
  readonly #rows: RowWriter;
  #state: FormationState;
  /** Resolves when the last change so far is over. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param local the server's local rows, as they were read at its start */
  constructor(rows: RowWriter, local: readonly LocalRow[]) {
    this.#rows = rows;
    this.#state = savedState(local);
  }

  get state(): FormationState {
    return this.#state;
  }

  /**
   * Changes the state: one change after the other, so `next` sees the outcome of all earlier ones. `next` returns undefined to change
   * nothing.
   * @returns whether it was changed
   * @throws OperatingError of the store. Whether the change is on disk is unknown then, and this server goes on with the old state.
   */
  change(next: (state: FormationState) => FormationState | undefined): Promise<boolean> {
    const run = async (): Promise<boolean> => {
      const changed = next(this.#state);
      if (!changed) return false;
      await this.#rows.save([formationRow(changed)]);
      this.#state = changed;
      return true;
    };
    const running = this.#last.then(run, run);
    this.#last = running;
    return running;
  }
}

/** The key of the local row of a server whose data of the time when it was alone are in a cluster. */
const movedKey = "cluster/moved";

/** Returns whether a server has been one of several, or has begun to become one. */
export function hasFormation(local: readonly LocalRow[]): boolean {
  return local.some(({ key }) => key === formationKey);
}

/** Returns whether the data of the time when a server was alone are in a cluster, so that its own copy of them is old. */
export function hasMoved(local: readonly LocalRow[]): boolean {
  return local.some(({ key }) => key === movedKey);
}

/** Returns whether a server's data are, or may be, in a cluster. A server that still waits for the first others may stand alone again. */
export function isInCluster(local: readonly LocalRow[]): boolean {
  const { membership } = savedState(local);
  const hasNotEntered = membership?.state === "new" && (membership.stage === "decided" || membership.stage === "begun");
  return hasMoved(local) || (membership !== undefined && !hasNotEntered);
}

/** Returns whether another cluster is in the place of this server's. */
export function isGivenUp(local: readonly LocalRow[]): boolean {
  return savedState(local).isGivenUp;
}

/** Returns whether this server was recovered, so that its own data begin a cluster whatever they are. */
export function wasRecovered(local: readonly LocalRow[]): boolean {
  return savedState(local).givenUp.length > 0;
}

/**
 * Returns the rows by which a server begins a cluster of itself alone, in place of its present one.
 * @param begins the id of the server, and a token and an attempt that no other cluster has
 */
export function recoveryRows(
  local: readonly LocalRow[],
  { id, token, attempt }: { readonly id: string; readonly token: string; readonly attempt: string },
): readonly LocalRow[] {
  const state = savedState(local);
  const before = state.membership?.token;
  const membership: Membership = {
    ...{ stage: "decided", state: "new", isNew: false, raftId: undefined },
    ...{ token, attempt, members: [id], founder: id },
  };
  const givenUp = [...state.givenUp, ...(before === undefined ? [] : [before])];
  const next: FormationState = { ...empty, start: state.start, membership, givenUp };
  return [formationRow(next), { key: movedKey, value: undefined }];
}

/**
 * Records that the cluster has the data of this server, since the first batch of the log is theirs. If that fails, the next start
 * records it.
 */
export async function noteMoved(rows: RowWriter, log: Log): Promise<void> {
  log.info("The cluster has begun with the data of this server");
  await rows.save([{ key: movedKey, value: new Uint8Array() }]).catch(() => {});
}

function formationRow(state: FormationState): LocalRow {
  return { key: formationKey, value: new TextEncoder().encode(JSON.stringify(state)) };
}

export function savedState(local: readonly LocalRow[]): FormationState {
  const saved = local.find(({ key }) => key === formationKey)?.value;
  return saved ? decodeState(saved) : empty;
}

/** @throws SyntaxError if the row is damaged, which its checksum does not let happen */
function decodeState(bytes: Uint8Array): FormationState {
  const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this server has written the row
  return isRecord(value) ? { ...empty, ...(value as Partial<FormationState>) } : empty;
}
