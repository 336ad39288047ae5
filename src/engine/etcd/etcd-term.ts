import type { MessageInitShape } from "@bufbuild/protobuf";
import { sleep, type Timer } from "../../lib/clock.ts";
import type { Batch } from "../engine.ts";
import { leadershipLost, type Term } from "../replicated-engine.ts";
import { encodeBatch } from "../sqlite/batch-codec.ts";
import { storeClosed } from "../store-closed.ts";
import { splitBlock } from "./batch-block.ts";
import { type EtcdClient, isUnanswered, type Persistence } from "./etcd-client.ts";
import { commitUnconfirmed, failureOfEtcd } from "./failures.ts";
import type { CompareSchema, RequestOpSchema, TxnResponse } from "./generated/etcd_pb.ts";
import { grpcCode, GrpcError } from "./grpc-channel.ts";
import { type Head, headAfter, includes, type Layout, layoutVersion } from "./layout.ts";
import type { Lease } from "./lease.ts";
import { type LogReader, type Marks, readHead } from "./log-reader.ts";
import { type FencedWrite, writeSnapshot } from "./snapshot-writer.ts";
import { changedAt, createdAt, get, put, readAt } from "./transaction.ts";

interface Transaction {
  readonly compare?: readonly MessageInitShape<typeof CompareSchema>[];
  readonly success: readonly MessageInitShape<typeof RequestOpSchema>[];
  readonly failure?: readonly MessageInitShape<typeof RequestOpSchema>[];
}

/** Milliseconds after a failed snapshot until the next is tried. */
const snapshotPauseMs = 10_000;
/** Milliseconds for which a term that is closed waits for its snapshot: no server takes writes meanwhile. */
const lastSnapshotMsMax = 250;

export interface TermPlace {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly reader: LogReader;
  /** A snapshot is due when the log since the last one is longer than this many bytes and longer than that snapshot. */
  readonly snapshotBytes: number;
}

/**
 * A term of this server: commits batches to the log, one at a time, and writes the snapshots. Layout says why no write takes
 * effect after the end of the term.
 */
export class EtcdTerm implements Term {
  readonly number: number;
  readonly #place: TermPlace;
  readonly #lease: Lease;
  /** Aborts the calls to etcd that are under way too long after the term was closed; see `#close`. */
  readonly #givingUp = new AbortController();
  #head: Head;
  #headRevision: bigint;
  #snapshot: { readonly bytes: number; readonly logBytes: number };
  #last: Promise<unknown> = Promise.resolve();
  #snapshotting: Promise<void> | undefined;
  #snapshotPause: Timer | undefined;
  #closing: Promise<void> | undefined;

  /** @param marks the head and the snapshot, read after the election */
  constructor(
    place: TermPlace,
    { number, lease, marks }: { readonly number: number; readonly lease: Lease; readonly marks: Marks },
  ) {
    this.number = number;
    this.#place = place;
    this.#lease = lease;
    this.#head = marks.head;
    this.#headRevision = marks.headRevision;
    this.#snapshot = marks.snapshot;
  }

  get ended(): Promise<void> {
    return this.#lease.ended;
  }

  confirmedMs(): number {
    return this.#lease.confirmedMs();
  }

  commit(batch: Batch): Promise<void> {
    if (this.#closing) return Promise.reject(storeClosed());
    const block = new Uint8Array(encodeBatch(batch));
    return this.#enqueue(() => this.#append(block));
  }

  ping(): Promise<void> {
    if (this.#closing) return Promise.reject(storeClosed());
    return this.#enqueue(async () => {
      const answer = await this.#run({ success: [get(this.#place.layout.head)] });
      if (!answer.succeeded) throw this.#lost();
    });
  }

  /** Runs a task, which never rejects, after the commits so far and before later ones. */
  async between(task: () => Promise<void>): Promise<void> {
    await this.#enqueue(task);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Resolves when all commits so far have settled. */
  async idle(): Promise<void> {
    await this.#last;
  }

  /** Writes a snapshot of the newest batch, or of a batch committed after this call. Snapshots are written one at a time. */
  async snapshot(): Promise<void> {
    await this.#snapshotting?.catch(() => {});
    this.#snapshotting ??= this.#writeSnapshot().finally(() => (this.#snapshotting = undefined));
    await this.#snapshotting;
  }

  async #writeSnapshot(): Promise<void> {
    const write: FencedWrite = async (operations) => {
      const answer = await this.#run({ success: operations });
      return answer.succeeded ? answer : undefined;
    };
    const written = await writeSnapshot({ ...this.#place, write }, this.#persistence);
    if (written) this.#snapshot = written;
  }

  get #persistence(): Persistence {
    return { signal: this.#givingUp.signal };
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    const done = this.#last.then(task).catch(async (error: unknown) => {
      throw await failureOfEtcd(error, this.#place.client);
    });
    this.#last = done.catch(() => {});
    return done;
  }

  async #append(block: Uint8Array<ArrayBuffer>): Promise<void> {
    const { layout } = this.#place;
    const seq = this.#head.seq + 1;
    const { parts, end } = splitBlock(block, this.number);
    for (const [n, part] of parts.entries()) {
      const answer = await this.#run({ success: [put(layout.part(seq, this.number, n), part)] });
      if (!answer.succeeded) throw this.#lost();
    }
    const head = headAfter(this.#head, { term: this.number, bytes: block.byteLength });
    const first = this.#headRevision === 0n ? [put(layout.format, String(layoutVersion))] : [];
    const answer = await this.#settle({
      compare: [changedAt(layout.head, this.#headRevision)],
      success: [put(layout.batch(seq), end), put(layout.head, JSON.stringify(head)), ...first],
      failure: [get(layout.head)],
    });
    this.#headRevision = answer.succeeded ? (answer.header?.revision ?? 0n) : this.#revisionIfDone(answer, seq);
    this.#head = head;
    this.#snapshotWhenDue();
  }

  /**
   * Returns the revision of the head if an earlier try, whose answer was lost, has put this batch.
   * @throws OperatingError when no try has put it, or when the head no longer names this term
   */
  #revisionIfDone(answer: TxnResponse, seq: number): bigint {
    const [found] = readAt(answer, 0);
    const isDone = found ? includes(readHead(found), { seq, term: this.number }) : false;
    if (isDone && found) return found.modRevision;
    const lost = this.#lost();
    throw isDone === undefined ? commitUnconfirmed() : lost;
  }

  /**
   * Runs the transaction that commits a batch until it is known whether it took effect. If an earlier try had no answer, a
   * refusal is tried again, since that earlier try may still take effect.
   */
  async #settle(transaction: Transaction): Promise<TxnResponse> {
    let tries = 0;
    try {
      return await this.#run(transaction, async (send) => {
        tries += 1;
        try {
          return await send();
        } catch (error) {
          const isRefusal = error instanceof GrpcError && !isUnanswered(error);
          throw isRefusal && tries > 1 ? new GrpcError(grpcCode.unavailable, error.details) : error;
        }
      });
    } catch (error) {
      throw tries > 0 && error === this.#givingUp.signal.reason ? commitUnconfirmed() : error;
    }
  }

  /**
   * Runs a transaction with the term's fence, and repeats it until etcd answers.
   * @param attempt makes one try by calling `send`
   * @throws OperatingError "leadership-lost" before any try when the term is over
   */
  async #run(
    { compare = [], success, failure = [] }: Transaction,
    attempt = (send: () => Promise<TxnResponse>): Promise<TxnResponse> => send(),
  ): Promise<TxnResponse> {
    const { client, layout } = this.#place;
    if (this.#lease.isOver) throw leadershipLost();
    const fence = createdAt(layout.leader, BigInt(this.number));
    const fenced = { compare: [fence, ...compare], success: [...success], failure: [...failure] };
    return client.persist(async (deadlineMs) => {
      const sentMs = client.clock.monotonicMs();
      const answer = await attempt(() => client.txn(fenced, deadlineMs));
      if (answer.succeeded && !this.#lease.isOver) this.#lease.confirm(sentMs);
      return answer;
    }, this.#persistence);
  }

  /** Ends the term, because etcd says that it is over. Returns the error for its commits. */
  #lost(): Error {
    this.#lease.end();
    return leadershipLost();
  }

  #snapshotWhenDue(): void {
    const { client, snapshotBytes } = this.#place;
    const isDue = this.#head.bytes - this.#snapshot.logBytes > Math.max(snapshotBytes, this.#snapshot.bytes);
    if (!isDue || this.#snapshotting || this.#snapshotPause || this.#closing) return;
    void this.snapshot().catch(async (error: unknown) => {
      if (this.#lease.isOver) return;
      client.report("no snapshot could be written to etcd; trying again", await failureOfEtcd(error, client));
      this.#snapshotPause = client.clock.schedule(snapshotPauseMs, () => (this.#snapshotPause = undefined));
    });
  }

  /**
   * Waits for the commits under way, and a moment for a snapshot, then revokes the lease. If the snapshot takes longer, gives it up:
   * the next leader writes one. If etcd does not answer, gives up the commits after about the time of two leases.
   */
  async #close(): Promise<void> {
    const { clock } = this.#place.client;
    let giveUp: Timer | undefined;
    void this.#lease.ended.then(() => {
      giveUp = clock.schedule(this.#lease.ms, () => this.#givingUp.abort(storeClosed()));
    });
    await this.#last;
    this.#snapshotPause?.cancel();
    const snapshotting = this.#snapshotting?.catch(() => {});
    const late = new AbortController();
    await Promise.race([snapshotting, sleep(clock, lastSnapshotMsMax, late.signal)]);
    late.abort();
    await this.#lease.revoke();
    this.#givingUp.abort(storeClosed());
    await snapshotting;
    giveUp?.cancel();
  }
}
