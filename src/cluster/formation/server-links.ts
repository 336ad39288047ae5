import type { Clock } from "../../lib/clock.ts";
import { unlessAborted } from "../../lib/unless-aborted.ts";
import type { ServerAddress } from "../join-call.ts";
import type { Hello, Outcome, PromiseAnswer, Question, StandingAnswer, TakeInAnswer } from "./formation-call.ts";

/** The other servers to which this server has a live link. */
export interface ServerLinks {
  readonly linked: readonly ServerAddress[];
  /** Calls the listener after each change of `linked`. */
  onChange(listener: () => void): void;
  /** @throws Error when the other server rejects, or the link is lost: then this server does not know whether the other has carried out the call */
  call(
    serverId: string,
    call: { readonly kind: string; readonly head: unknown },
    signal?: AbortSignal,
  ): Promise<{ readonly head: unknown }>;
}

/** The answers by question. */
interface Answers {
  readonly hello: Hello;
  readonly promise: PromiseAnswer;
  readonly release: unknown;
  readonly decided: unknown;
  readonly outcome: Outcome;
  readonly "take-in": TakeInAnswer;
  readonly confirm: { readonly isOpen: boolean };
  readonly standing: StandingAnswer;
}

/** Asks other servers, and waits for each answer for a limited time. */
export class Asking {
  readonly #links: ServerLinks;
  readonly #clock: Clock;

  constructor(links: ServerLinks, clock: Clock) {
    this.#links = links;
    this.#clock = clock;
  }

  /** @throws Error when the other server refuses or does not answer within `ms` */
  async ask<Ask extends Question["ask"]>(
    id: string,
    question: Extract<Question, { readonly ask: Ask }>,
    ms: number,
  ): Promise<Answers[Ask]> {
    const late = new AbortController();
    const timer = this.#clock.schedule(ms, () => late.abort(new Error(`no answer within ${ms / 1_000} s`)));
    try {
      const call = this.#links.call(id, { kind: "formation", head: question }, late.signal);
      const { head } = await unlessAborted(call, late.signal);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the other server is one of this cluster, and of a known version
      return head as Answers[Ask];
    } finally {
      timer.cancel();
    }
  }

  /** As `ask`, and returns undefined when it fails. */
  async tryAsk<Ask extends Question["ask"]>(
    id: string,
    question: Extract<Question, { readonly ask: Ask }>,
    ms: number,
  ): Promise<Answers[Ask] | undefined> {
    try {
      return await this.ask(id, question, ms);
    } catch {
      return undefined;
    }
  }
}
