import { isatty } from "node:tty";
import { indexOfAnswer } from "../../client/answer-index.ts";
import { Backoff } from "../../client/backoff.ts";
import { jsonOf, unexpectedStatus } from "../../client/http.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { KvTrialJson } from "../../wire/kv-trial.ts";
import type { AgentApi } from "../api-command.ts";
import type { CommandIo } from "../command.ts";
import { Progress } from "../progress.ts";
import { servicesText, stageText } from "./trial-text.ts";

/** The wish of the user: by a key of the keyboard, or by an interrupt. */
export type TrialWish = "confirm" | "undo";

const waitMs = 30_000;
/** Milliseconds added to the wait of a blocking query to get its timeout. */
const answerMsMax = 5_000;
const tickMs = 1_000;

export interface FollowOptions {
  readonly io: CommandIo;
  /** Whether to print a line for each stage and each change of health. */
  readonly tellsSteps: boolean;
  /** Whether to ask on the terminal whether to keep the changes. */
  readonly asks: boolean;
  /** Aborts when the user interrupts the command. */
  readonly shutdown: AbortSignal;
}

/**
 * Follows a trial until it has ended, over restarts of the agent, and resolves with its record. Shows the time that is left and the
 * services' health in a line of the terminal. An interrupt undoes the trial.
 * @throws OperatingError if the agent refuses to answer, or knows the trial no longer
 */
export async function followTrial(api: AgentApi, started: KvTrialJson, options: FollowOptions): Promise<KvTrialJson> {
  const { io, shutdown } = options;
  const over = new AbortController();
  const shown = new ShownTrial(started, options);
  const wish = (what: TrialWish): void => void send(api, started.ID, what, io);
  const interrupt = (): void => {
    io.stderr("\nInterrupted: taking the changes back\n");
    wish("undo");
  };
  shutdown.addEventListener("abort", interrupt, { once: true });
  const stopAsking = options.asks ? askKeys(wish, interrupt) : () => {};
  void shown.run(io.clock, over.signal);
  try {
    return await untilEnded(api, started, { io, onSeen: (trial) => shown.update(trial) });
  } finally {
    over.abort();
    stopAsking();
    shutdown.removeEventListener("abort", interrupt);
    shown.end();
  }
}

interface Following {
  readonly io: CommandIo;
  readonly onSeen: (trial: KvTrialJson) => void;
}

async function untilEnded(api: AgentApi, started: KvTrialJson, { io, onSeen }: Following): Promise<KvTrialJson> {
  const path = `/v1/praetor/kv-trial/${started.ID}`;
  const backoff = new Backoff();
  let index = 0;
  for (;;) {
    const query = index === 0 ? {} : { index: String(index), wait: `${waitMs}ms` };
    const answer = await api
      .request({ path, query, timeoutMs: waitMs * (1 + 1 / 16) + answerMsMax })
      .catch((error: unknown) => {
        if (io.signal?.aborted) throw error;
        return messageOf(error);
      });
    if (typeof answer === "string") {
      io.stderr(`The agent does not answer: ${answer}. Trying again.\n`);
      index = 0;
      await sleep(io.clock, backoff.next(), io.signal);
      continue;
    }
    if (answer.status !== 200) throw unexpectedStatus(answer);
    backoff.reset();
    index = indexOfAnswer(answer);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the agent's answer
    const trial = jsonOf(answer) as KvTrialJson;
    onSeen(trial);
    if (trial.Outcome !== "pending") return trial;
  }
}

/** Asks the agent to end a trial. A refusal is printed: the trial may have ended meanwhile, which its record tells. */
async function send(api: AgentApi, id: string, wish: TrialWish, io: CommandIo): Promise<void> {
  const answer = await api
    .request({ method: "PUT", path: `/v1/praetor/kv-trial-${wish}/${id}` })
    .catch((error: unknown) => messageOf(error));
  if (typeof answer === "string") io.stderr(`The agent does not answer: ${answer}\n`);
  else if (answer.status !== 200) io.stderr(`${unexpectedStatus(answer).message}\n`);
}

/** A trial on the terminal. */
class ShownTrial {
  readonly #options: FollowOptions;
  readonly #progress: Progress;
  #trial: KvTrialJson;
  #stagedMs: number;
  #told = "";

  constructor(started: KvTrialJson, options: FollowOptions) {
    this.#options = options;
    this.#progress = new Progress(options.io);
    this.#trial = started;
    this.#stagedMs = options.io.clock.monotonicMs();
    this.update(started);
  }

  update(trial: KvTrialJson): void {
    const { io, tellsSteps } = this.#options;
    if (trial.Stage !== this.#trial.Stage) this.#stagedMs = io.clock.monotonicMs();
    this.#trial = trial;
    if (trial.Outcome !== "pending") return;
    const step = [stageText(trial), servicesText(trial.Services)].filter((text) => text !== "").join(": ");
    if (tellsSteps && step !== this.#told) {
      this.#progress.end();
      io.stdout(`${step}\n`);
    }
    this.#told = step;
    this.#show();
  }

  /** Counts the seconds down until the signal aborts. */
  async run(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#show();
      await sleep(clock, tickMs, signal);
    }
  }

  end(): void {
    this.#progress.end();
  }

  #show(): void {
    const { io, asks } = this.#options;
    if (this.#trial.Outcome !== "pending") return;
    const leftMs = Math.max(0, this.#trial.StageMs - (io.clock.monotonicMs() - this.#stagedMs));
    const question = asks ? " Keep the changes? y/n " : "";
    this.#progress.show(`${Math.ceil(leftMs / 1_000)} s left.${question}`);
  }
}

/** Returns whether the user can be asked: standard input is a terminal. */
export function canAsk(): boolean {
  return isatty(0);
}

const interruptKey = "\u0003";

/** Calls `onWish` for the keys y and n, and `onInterrupt` for Ctrl-C, until the returned function is called. */
function askKeys(onWish: (wish: TrialWish) => void, onInterrupt: () => void): () => void {
  const { stdin } = process;
  const take = (text: unknown): void => {
    for (const character of String(text).toLowerCase()) {
      if (character === "y") onWish("confirm");
      else if (character === "n") onWish("undo");
      else if (character === interruptKey) onInterrupt();
    }
  };
  stdin.setRawMode(true);
  stdin.setEncoding("utf8").resume().on("data", take);
  return () => {
    stdin.off("data", take);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
