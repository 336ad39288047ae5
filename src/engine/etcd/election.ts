import { sleep } from "../../lib/clock.ts";
import { textOf } from "../sqlite/batch-codec.ts";
import { failureOfEtcd } from "./failures.ts";
import type { KeyValue } from "./generated/etcd_pb.ts";
import { EtcdTerm, type TermPlace } from "./etcd-term.ts";
import type { LeaderView } from "./leader-view.ts";
import { Lease } from "./lease.ts";
import { createdAt, get, put, readAt } from "./transaction.ts";
import type { Leader } from "../replicated-engine.ts";

export interface ElectionPlace extends TermPlace {
  readonly view: LeaderView;
  /** The text that names this server in the leader's key. */
  readonly name: string;
  /** Milliseconds that the leader's lease lasts: if the leader is silent for so long, the servers elect another. */
  readonly electionMs: number;
  /** The leases of this process that are over here, though etcd may still keep the leader's key under one of them. */
  readonly endedLeases: Set<bigint>;
}

/** Milliseconds between a failed campaign and the next one. */
const pauseMs = 500;

/**
 * Campaigns whenever no server leads, until this server becomes the leader. Resolves with its term. Rejects with the signal's
 * reason.
 */
export async function winTerm(place: ElectionPlace, signal: AbortSignal): Promise<EtcdTerm> {
  const { client, view } = place;
  for (;;) {
    await view.leaderless(signal);
    try {
      const term = await campaign(place, signal);
      if (term) return term;
    } catch (error) {
      signal.throwIfAborted();
      client.report("this server cannot become the leader; trying again", await failureOfEtcd(error, client));
      await sleep(client.clock, pauseMs, signal);
    }
  }
}

/** Tries once to become the leader. Returns the new term; undefined when another server leads. */
async function campaign(place: ElectionPlace, signal: AbortSignal): Promise<EtcdTerm | undefined> {
  const { client, view, name } = place;
  const lease = await Lease.grant(client, place.electionMs, signal);
  void lease.ended.then(() => place.endedLeases.add(lease.id));
  try {
    const number = await announce(place, lease, signal);
    if (number !== undefined) {
      // The head is read after the election, so that no batch of an earlier term can follow it.
      const marks = await place.reader.marks({ signal });
      signal.throwIfAborted();
      view.observe(BigInt(number), { name, term: number });
      const stop = view.listen((leader) => {
        if (leader?.term !== number) lease.end();
      });
      void lease.ended.then(() => {
        stop();
        view.end(number);
      });
      return new EtcdTerm(place, { number, lease, marks });
    }
  } catch (error) {
    await lease.revoke();
    throw error;
  }
  await lease.revoke();
  return undefined;
}

/**
 * Puts the leader's key if it does not exist. Returns the number of the new term; undefined when another server leads. Deletes the
 * key of an earlier term of this process, which could not be deleted at the end of that term because etcd did not answer.
 */
async function announce(place: ElectionPlace, lease: Lease, signal: AbortSignal): Promise<number | undefined> {
  const { client, endedLeases, view, name } = place;
  const key = place.layout.leader;
  const transaction = { compare: [createdAt(key, 0n)], success: [put(key, name, lease.id)], failure: [get(key)] };
  const answer = await client.persist((deadlineMs) => client.txn(transaction, deadlineMs), { signal });
  const revision = answer.header?.revision ?? 0n;
  if (answer.succeeded) return Number(revision);
  const [found] = readAt(answer, 0);
  // If the key has this lease, an earlier try put it, and the answer to that try was lost.
  if (found?.lease === lease.id) return Number(found.createRevision);
  if (found && endedLeases.has(found.lease)) {
    await client.persist((deadlineMs) => client.revokeLease(found.lease, deadlineMs), { signal });
    return announce(place, lease, signal);
  }
  view.observe(revision, found && leaderOf(found));
  return undefined;
}

/** Returns the leader that the leader's key names. */
export function leaderOf(kv: KeyValue): Leader {
  return { name: textOf(kv.value), term: Number(kv.createRevision) };
}
