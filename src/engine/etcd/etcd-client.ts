import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import type { Log } from "../../lib/log.ts";
import { unlessAborted } from "../../lib/unless-aborted.ts";
import {
  type AlarmMember,
  Auth,
  Cluster,
  type Event,
  KV,
  Lease,
  Maintenance,
  type Member,
  type RangeRequestSchema,
  type RangeResponse,
  type StatusResponse,
  type TxnRequestSchema,
  type TxnResponse,
  Watch,
  type WatchCreateRequestSchema,
} from "./generated/etcd_pb.ts";
import { type EtcdTls, GrpcChannel, grpcCode, GrpcError, type Metadata, type Method } from "./grpc-channel.ts";

export interface EtcdAccess {
  /** "unix:PATH" or "HOST:PORT". The client uses one endpoint until a call fails, then the next endpoint. */
  readonly endpoints: readonly string[];
  /** The certificates; undefined for an etcd that listens without TLS. */
  readonly tls?: EtcdTls;
  /** The user; undefined for an etcd without authentication. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** The shortest deadline of a try of a call, in milliseconds. */
const deadlineMsMin = 500;
/** The longest deadline of a try of a call, in milliseconds. */
const deadlineMsMax = 8_000;
/**
 * The deadline of a call's first try is this many times `#slowestMs`. The deadline of each further try is twice that of a try
 * before that was not answered in time.
 */
const patience = 4;
/** The factor by which each answer lowers `#slowestMs`, so that a slow answer is forgotten in time. */
const forgetting = 0.95;
/** Milliseconds between the first two tries of a call; each further pause is twice the one before. */
const pauseMsMin = 25;
/** The longest pause between two tries, in milliseconds. */
const pauseMsMax = 250;
/** The first failures of a call, up to this many, are not logged: an election within etcd alone causes a few. */
const quietTries = 3;
/** Milliseconds between two tests whether a watch is silent; a silent watch gets a progress request. */
const watchAskMs = 1_000;
/** Milliseconds of silence after which a watch counts as lost. */
const watchSilentMsMax = 3_000;

/**
 * With this metadata, a member of etcd that is cut off from the others refuses calls. Without it, such a member holds calls or
 * answers them with old data.
 */
const requireLeader: Metadata = { hasleader: "true" };

export interface Persistence {
  /** When it aborts, the call is not tried again and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Maximum number of tries, after which the call rejects with the last failure; unlimited by default. */
  readonly triesMax?: number;
}

/** The calls of etcd's API that Praetor makes, each a single try, and `persist`, which repeats them. */
export class EtcdClient {
  readonly clock: Clock;
  readonly log: Log;
  readonly #access: EtcdAccess;
  readonly #channels: readonly GrpcChannel[];
  readonly #throttle: LogThrottle;
  /** The index of the endpoint in use. */
  #at = 0;
  #token: Promise<string> | undefined;
  /**
   * Milliseconds that the slowest recent answer took. Deadlines grow with it: on a slow disk, short deadlines would repeat
   * every write and slow the disk further.
   */
  #slowestMs = 0;

  constructor(access: EtcdAccess, { clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.clock = clock;
    this.log = log;
    this.#access = access;
    this.#throttle = new LogThrottle(clock);
    this.#channels = access.endpoints.map((address) => new GrpcChannel(address, { clock, tls: access.tls }));
  }

  get endpoints(): readonly string[] {
    return this.#access.endpoints;
  }

  range(request: MessageInitShape<typeof RangeRequestSchema>, deadlineMs: number): Promise<RangeResponse> {
    return this.#call(KV.method.range, request, deadlineMs);
  }

  txn(request: MessageInitShape<typeof TxnRequestSchema>, deadlineMs: number): Promise<TxnResponse> {
    return this.#call(KV.method.txn, request, deadlineMs);
  }

  /** Deletes the history of all keys before the revision; does nothing if it is deleted already. */
  async compact(revision: bigint, deadlineMs: number): Promise<void> {
    await orDone(grpcCode.outOfRange, this.#call(KV.method.compact, { revision }, deadlineMs));
  }

  /** Returns the id of a new lease and the milliseconds that it lasts; etcd may grant more than was asked. */
  async grantLease(ms: number, deadlineMs: number): Promise<{ readonly id: bigint; readonly ms: number }> {
    const asked = { TTL: BigInt(Math.ceil(ms / 1_000)) };
    const { ID, TTL } = await this.#call(Lease.method.leaseGrant, asked, deadlineMs);
    return { id: ID, ms: Number(TTL) * 1_000 };
  }

  /** Renews a lease; returns false when the lease no longer exists. */
  async renewLease(id: bigint, deadlineMs: number): Promise<boolean> {
    const { TTL } = await this.#call(Lease.method.leaseKeepAlive, { ID: id }, deadlineMs);
    return TTL > 0n;
  }

  /** Revokes a lease, which deletes its keys. Does nothing if no lease has this id. */
  async revokeLease(id: bigint, deadlineMs: number): Promise<void> {
    await orDone(grpcCode.notFound, this.#call(Lease.method.leaseRevoke, { ID: id }, deadlineMs));
  }

  async alarms(deadlineMs: number): Promise<readonly AlarmMember[]> {
    const { alarms } = await this.#call(Maintenance.method.alarm, {}, deadlineMs);
    return alarms;
  }

  async members(deadlineMs: number): Promise<readonly Member[]> {
    return (await this.#call(Cluster.method.memberList, { linearizable: true }, deadlineMs)).members;
  }

  async addLearner(peerUrl: string, deadlineMs: number): Promise<void> {
    await this.#call(Cluster.method.memberAdd, { peerURLs: [peerUrl], isLearner: true }, deadlineMs);
  }

  async removeMember(ID: bigint, deadlineMs: number): Promise<void> {
    await this.#call(Cluster.method.memberRemove, { ID }, deadlineMs);
  }

  async promoteMember(ID: bigint, deadlineMs: number): Promise<void> {
    await this.#call(Cluster.method.memberPromote, { ID }, deadlineMs);
  }

  async moveLeader(targetID: bigint, deadlineMs: number): Promise<void> {
    await this.#call(Maintenance.method.moveLeader, { targetID }, deadlineMs);
  }

  status(deadlineMs: number): Promise<StatusResponse> {
    return this.#call(Maintenance.method.status, {}, deadlineMs);
  }

  /**
   * Yields the events of keys from a revision on, one array for each message of etcd. Returns when the signal aborts.
   * @throws GrpcError when the watch ends: the connection was lost, or the history from that revision on was compacted
   */
  async *watch(
    create: MessageInitShape<typeof WatchCreateRequestSchema>,
    signal: AbortSignal,
  ): AsyncGenerator<Event[]> {
    const at = this.#at;
    const metadata = await this.#metadata();
    const received: Event[][] = [];
    let failure: GrpcError | undefined;
    let wake = (): void => {};
    let heardMs = this.clock.monotonicMs();
    const fail = (error: GrpcError): void => {
      failure ??= error;
      wake();
    };
    const stream = this.#channel(at).stream(Watch.method.watch, metadata, {
      message: ({ canceled, compactRevision, cancelReason, events }) => {
        heardMs = this.clock.monotonicMs();
        if (compactRevision > 0n) return fail(new GrpcError(grpcCode.outOfRange, "the history was compacted"));
        if (canceled) return fail(new GrpcError(grpcCode.unavailable, `the watch was ended: ${cancelReason}`));
        if (events.length > 0) received.push(events);
        wake();
      },
      end: (error) => fail(error ?? new GrpcError(grpcCode.unavailable, "the watch was ended")),
    });
    stream.send({ requestUnion: { case: "createRequest", value: create } });
    const stop = this.#every(watchAskMs, () => {
      const silentMs = this.clock.monotonicMs() - heardMs;
      if (silentMs > watchSilentMsMax) fail(new GrpcError(grpcCode.deadlineExceeded, "the watch is silent"));
      else if (silentMs > watchAskMs / 2) stream.send({ requestUnion: { case: "progressRequest", value: {} } });
    });
    const abort = (): void => wake();
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        const events = received.shift();
        if (events) yield events;
        else if (failure) throw failure;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } catch (error) {
      this.#leaveOn(error, at);
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
      stop();
      stream.cancel();
    }
  }

  /**
   * Repeats a call until it is answered, with a success or a refusal. `attempt` gets the milliseconds that it may take.
   * @throws GrpcError a refusal, or the last failure after `triesMax`; the signal's reason after an abort
   */
  async persist<Result>(
    attempt: (deadlineMs: number) => Promise<Result>,
    { signal, triesMax = Infinity }: Persistence = {},
  ): Promise<Result> {
    let deadlineMs = Math.max(deadlineMsMin, patience * this.#slowestMs);
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted();
      try {
        const running = attempt(Math.min(deadlineMs, deadlineMsMax));
        return await (signal ? unlessAborted(running, signal) : running);
      } catch (error) {
        if (!isUnanswered(error) || tries + 1 >= triesMax) throw error;
        if (tries >= quietTries) this.report("etcd does not answer; trying again", error);
        // A refusal comes at once, as long as etcd has no quorum, and says nothing about how long an answer takes.
        if (isLate(error)) deadlineMs *= 2;
      }
      await sleep(this.clock, Math.min(pauseMsMin * 2 ** tries, pauseMsMax), signal);
    }
  }

  /** Logs a failure that the caller handles by trying again, each text once a minute. */
  report(message: string, error: unknown): void {
    const reason = messageOf(error);
    if (this.#throttle.isNew(`${message}: ${reason}`))
      this.log.warn(message, { endpoints: this.endpoints.join(" "), error: reason });
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }

  async #call<Input extends DescMessage, Output extends DescMessage>(
    method: Method<Input, Output>,
    message: MessageInitShape<Input>,
    deadlineMs: number,
  ): Promise<MessageShape<Output>> {
    const at = this.#at;
    const startMs = this.clock.monotonicMs();
    try {
      const answer = await this.#channel(at).unary(method, message, { deadlineMs, metadata: await this.#metadata() });
      this.#slowestMs = Math.max(this.clock.monotonicMs() - startMs, this.#slowestMs * forgetting);
      return answer;
    } catch (error) {
      this.#leaveOn(error, at);
      throw error;
    }
  }

  #channel(at: number): GrpcChannel {
    const channel = this.#channels[at];
    if (!channel) throw new GrpcError(grpcCode.unavailable, "no endpoint of etcd is configured");
    return channel;
  }

  async #metadata(): Promise<Metadata> {
    const { user } = this.#access;
    if (!user) return requireLeader;
    this.#token ??= this.#authenticate(user);
    try {
      return { ...requireLeader, token: await this.#token };
    } catch (error) {
      this.#token = undefined;
      throw error;
    }
  }

  async #authenticate(user: { readonly name: string; readonly password: string }): Promise<string> {
    const options = { deadlineMs: deadlineMsMax, metadata: requireLeader };
    return (await this.#channel(this.#at).unary(Auth.method.authenticate, user, options)).token;
  }

  /** After a failed call, lets later calls use the next endpoint, a new connection or a new token, as the error requires. */
  #leaveOn(error: unknown, at: number): void {
    if (isStaleToken(error)) this.#token = undefined;
    else if (isUnanswered(error) && at === this.#at) {
      // A connection without an answer may be dead. Its reset also fails the other calls on it, which `persist` repeats.
      if (isLate(error)) this.#channel(at).reset();
      this.#at = (at + 1) % this.#channels.length;
    }
  }

  #every(ms: number, run: () => void): () => void {
    let timer = this.clock.schedule(ms, again.bind(this));
    function again(this: EtcdClient): void {
      timer = this.clock.schedule(ms, again.bind(this));
      run();
    }
    return () => timer.cancel();
  }
}

/** Waits for the call. Resolves also when etcd refuses it with `code`, which says that the call's effect exists already. */
async function orDone(code: number, call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof GrpcError && error.code === code)) throw error;
  }
}

const unanswered: ReadonlySet<number> = new Set([
  grpcCode.cancelled,
  grpcCode.unknown,
  grpcCode.deadlineExceeded,
  grpcCode.aborted,
  grpcCode.internal,
  grpcCode.unavailable,
]);

/** Returns whether a failed call is to be repeated: its effect is unknown, or etcd was overloaded or has forgotten the token. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof GrpcError)) return false;
  return unanswered.has(error.code) || isStaleToken(error) || /too many requests/.test(error.details);
}

/** Returns whether no answer has come in time. */
function isLate(error: unknown): boolean {
  return error instanceof GrpcError && error.code === grpcCode.deadlineExceeded;
}

/** Returns whether etcd refuses the token, as it does after its restart or a change of its users. */
function isStaleToken(error: unknown): boolean {
  return error instanceof GrpcError && /invalid auth token|revision of auth store is old/.test(error.details);
}
