import { type Clock, sleep } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Answer, Call } from "../link/link.ts";
import type { ForwardedResult, ForwardedWrites, LeaderCalls } from "../registry/forwarding.ts";
import { noLeader, retryMs } from "../registry/leader-wait.ts";
import type { CallLeader, LeaderTerm } from "./leader-calls.ts";
import type { ServerLinks } from "./server-links.ts";

export interface CallsToLeaderOptions {
  /** The id of this server. */
  readonly own: string;
  /** Returns the leader as far as this server knows. */
  readonly leader: () => LeaderTerm | undefined;
  readonly links: Pick<ServerLinks, "call">;
  /** Answers a call as the leader, when this server leads. */
  readonly answer: (call: Call) => Promise<Answer>;
  /** Milliseconds for which a call waits for a leader. */
  readonly holdMs: number;
  readonly clock: Clock;
}

/** The kinds of the calls by which a server writes through the leader, and asks how far the log has come. */
export const forwardCall = "forward";
export const newestCall = "newest";

/** The codes of the errors of a call that did not reach the leader, or that reached a server which does not lead any more. */
const lostCodes: ReadonlySet<string> = new Set(["link-lost", "leadership-lost", "no-leader"]);

/** The calls of a server to the server that leads, which may be itself. */
export class CallsToLeader implements LeaderCalls, CallLeader {
  readonly #options: CallsToLeaderOptions;

  constructor(options: CallsToLeaderOptions) {
    this.#options = options;
  }

  async forward(leader: string, writes: ForwardedWrites): Promise<readonly ForwardedResult[]> {
    const { head } = await this.#options.links.call(leader, { kind: forwardCall, head: writes });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
    return head as readonly ForwardedResult[];
  }

  async newest(leader: string): Promise<number> {
    return Number((await this.#options.links.call(leader, { kind: newestCall, head: null })).head);
  }

  async callLeader(kind: string, head: unknown): Promise<unknown> {
    return (await this.request({ kind, head })).head;
  }

  /**
   * Sends a call to the leader. Waits for a leader, and sends the call again if the leader is lost before its answer; so the call
   * must have no body, and do no harm if it is carried out twice.
   * @throws OperatingError as the leader's handler; unavailable "no-leader" when no leader answers in time; the signal's reason
   */
  async request(call: Call, signal?: AbortSignal): Promise<Answer> {
    const { clock, holdMs } = this.#options;
    const deadlineMs = clock.monotonicMs() + holdMs;
    for (;;) {
      try {
        return await this.send(call, signal);
      } catch (error) {
        if (!isLost(error)) throw error;
        if (clock.monotonicMs() >= deadlineMs) throw noLeader();
        await sleep(clock, retryMs, signal);
        signal?.throwIfAborted();
      }
    }
  }

  /**
   * Sends a call to the leader, once.
   * @throws OperatingError as the leader's handler; unavailable "no-leader" without a leader; unavailable "link-lost" when the
   * leader may have carried the call out
   */
  send(call: Call, signal?: AbortSignal): Promise<Answer> {
    const { answer, leader, links, own } = this.#options;
    const name = leader()?.name;
    if (name === undefined) return Promise.reject(noLeader());
    return name === own ? answer(call) : links.call(name, call, signal);
  }
}

function isLost(error: unknown): boolean {
  return error instanceof OperatingError && lostCodes.has(error.code);
}
