import { type Clock, sleep } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { unlessAborted } from "../lib/unless-aborted.ts";
import type { Formation } from "./formation/formation.ts";
import type { ServerLinks } from "./server-links.ts";

export interface RaftLeadOptions {
  /** The node id of this server. */
  readonly own: string;
  /** How the servers keep their etcds together; undefined with an etcd that others run. */
  readonly formation: () => Pick<Formation, "peers"> | undefined;
  readonly links: Pick<ServerLinks, "call">;
  readonly engine: {
    /** Runs a task, which never rejects, while no commit of this server is under way. */
    betweenCommits(task: () => Promise<void>): Promise<void>;
  };
  readonly clock: Clock;
  readonly log: Log;
}

/** The call by which the server that leads asks another one, whose etcd leads raft, to hand raft on. Head: the raft id of the heir. */
export const handRaftCall = "hand-raft";

/** Milliseconds until the first look: a server that has just begun to lead has more urgent work. */
const firstLookMs = 1_000;
/** Milliseconds between two looks; after a vain attempt twice as long each time, up to the longest. */
const lookMs = 10_000;
const lookMsMax = 600_000;
/** Milliseconds for which the commits wait at most. etcd says after one or two heartbeats that another member leads. */
const handMsMax = 1_000;

/**
 * Lets the own etcd of the server that leads lead raft, too. Each commit is proposed by that etcd; if another member led raft,
 * the batch would first travel to that member and then come back.
 *
 * While raft changes hands, etcd loses proposals without an answer, so no commit is under way meanwhile.
 */
export class RaftLead {
  readonly #options: RaftLeadOptions;

  constructor(options: RaftLeadOptions) {
    this.#options = options;
  }

  /** Looks again and again until the signal aborts. Called while this server leads. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options;
    let pauseMs = lookMs;
    await sleep(clock, firstLookMs, signal);
    while (!signal.aborted) {
      try {
        await unlessAborted(this.#look(), signal);
        pauseMs = lookMs;
      } catch (error) {
        if (signal.aborted) return;
        log.debug("The etcd of another server keeps the lead of raft", { reason: messageOf(error) });
        pauseMs = Math.min(2 * pauseMs, lookMsMax);
      }
      await sleep(clock, pauseMs, signal);
    }
  }

  async #look(): Promise<void> {
    const { own, formation, engine } = this.#options;
    const peers = (await formation()?.peers()) ?? [];
    const member = peers.find(({ id }) => id === own);
    const holder = peers.find(({ leadsRaft }) => leadsRaft);
    if (!member?.isVoter || !holder || holder === member) return;
    let refusal = "";
    await engine.betweenCommits(async () => {
      refusal = await this.#take(holder.id, member.raftId);
    });
    if (refusal !== "") throw new Error(refusal);
  }

  /** Asks the server for the lead of raft. Returns why it has not given it; "" if it has. */
  async #take(from: string, raftId: string): Promise<string> {
    const { clock, links } = this.#options;
    const done = new AbortController();
    const asked = links.call(from, { kind: handRaftCall, head: raftId }).then(() => "", messageOf);
    const late = sleep(clock, handMsMax, done.signal).then(() => "it does not answer in time");
    const refusal = await Promise.race([asked, late]);
    done.abort();
    return refusal;
  }
}
