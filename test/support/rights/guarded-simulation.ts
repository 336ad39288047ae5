import { pickFrom } from "./random-rules.ts";
import { type Answer, GuardedWorld, type PlantedFault } from "./guarded-world.ts";
import { type Question, questions } from "./guarded-questions.ts";
import { GuardedWriters, randomAttempt } from "./guarded-writers.ts";
import { type View, viewOf } from "./moments.ts";

export interface GuardedResult {
  /** A hash of all answers, which is equal for equal seeds. */
  readonly hash: string;
  readonly findings: readonly string[];
  /** How many answers of each kind showed things, showed nothing, and left something out. */
  readonly seen: ReadonlyMap<string, number>;
  readonly answers: number;
}

export interface GuardedOptions {
  readonly seed: number;
  readonly steps: number;
  readonly fault?: PlantedFault;
}

/** Maximum number of requests that wait at the same time. */
const heldMax = 60;

/** The time at which a request was sent, and the first moment that its answer may show. */
interface Sent {
  readonly secret: string;
  readonly from: number;
  readonly sentMs: number;
}

/**
 * Simulates readers with different rights, whose tokens, policies and roles change, end and expire while they read, wait for
 * changes and write. Everything follows from the seed. The promises:
 *
 * - an answer shows exactly what the model permits at some moment between the request and the answer;
 * - a write is done only if the model permits it at some such moment, and refused only if not.
 */
export async function simulateGuarded(options: GuardedOptions): Promise<GuardedResult> {
  const world = await GuardedWorld.start(options.seed, options.fault);
  return new GuardedSimulation(world, options).run();
}

class GuardedSimulation {
  readonly #world: GuardedWorld;
  readonly #options: GuardedOptions;
  readonly #writers: GuardedWriters;
  readonly #findings: string[] = [];
  readonly #seen = new Map<string, number>();
  readonly #indexes = new Map<string, string>();
  readonly #held = new Set<AbortController>();
  readonly #writes = new Set<Promise<void>>();
  #isDiskSlow = false;
  #hash = 0n;
  #answers = 0;

  constructor(world: GuardedWorld, options: GuardedOptions) {
    this.#world = world;
    this.#options = options;
    this.#writers = new GuardedWriters(world);
  }

  async run(): Promise<GuardedResult> {
    await this.#writers.prepare();
    for (let step = 0; step < this.#options.steps; step += 1) {
      await this.#step();
      await this.#world.settle();
    }
    await this.#end();
    const { store } = this.#world.api;
    await store.close();
    return {
      hash: this.#hash.toString(16),
      ...{ findings: this.#findings, seen: this.#seen, answers: this.#answers },
    };
  }

  async #end(): Promise<void> {
    await this.#setDisk(false);
    for (const held of this.#held) held.abort();
    await this.#world.settle();
  }

  async #step(): Promise<void> {
    const { random, api } = this.#world;
    const chance = random.uniform();
    if (chance < 0.6) for (let count = 0; count < 4; count += 1) this.#read();
    else if (chance < 0.7) this.#attempt();
    else if (chance < 0.8) this.#write(() => this.#writers.changeData());
    else if (chance < 0.91) await this.#changeRights();
    else if (chance < 0.96) {
      // A disk that is slow for ten seconds would end the writes.
      await this.#setDisk(false);
      await api.clock.advance(random.uniform() * 40_000);
    } else await this.#setDisk(!this.#isDiskSlow);
  }

  async #changeRights(): Promise<void> {
    // The administrator makes several requests, each after the answer to the one before.
    if (this.#isDiskSlow) this.#write(() => this.#writers.setPolicy());
    else await this.#writers.changeRights();
  }

  /** Makes commits wait until the disk is fast again, so that requests arrive between a write and its effect. */
  async #setDisk(isSlow: boolean): Promise<void> {
    const { engine } = this.#world.api;
    this.#isDiskSlow = isSlow;
    if (isSlow) return engine.hold();
    engine.release();
    await Promise.all(this.#writes);
  }

  #write(change: () => Promise<void>): void {
    const write = change().finally(() => this.#writes.delete(write));
    this.#writes.add(write);
  }

  #sent(secret: string | undefined): Sent {
    this.#world.noteEvents();
    const { api, moments } = this.#world;
    return { secret: secret ?? "anonymous", from: moments.length - 1, sentMs: api.clock.wallMs() };
  }

  #anySecret(): string | undefined {
    const { random } = this.#world;
    return pickFrom(random, [undefined, ...this.#writers.slots.map((slot) => slot.secret)]);
  }

  #read(): void {
    const { random } = this.#world;
    const question = pickFrom(random, questions as readonly [Question, ...Question[]]);
    const secret = this.#anySecret();
    const index = this.#indexes.get(question.request);
    const blocks = question.blocks && index !== undefined && this.#held.size < heldMax && random.uniform() < 0.4;
    const request = blocks ? waiting(question.request, index) : question.request;
    const sent = this.#sent(secret);
    const connection = new AbortController();
    if (blocks) this.#held.add(connection);
    const asked = this.#world.send(secret, request, question.body, connection.signal);
    void asked.then((answer) => {
      this.#held.delete(connection);
      if (!connection.signal.aborted) this.#take({ question, request, sent }, answer);
    });
  }

  #take(
    { question, request, sent }: { readonly question: Question; readonly request: string; readonly sent: Sent },
    answer: Answer,
  ): void {
    const shown = answer.status === 200 ? question.things(answer).toSorted() : [];
    this.#note(`${sent.secret} ${request} ${answer.status} ${shown.join()}`);
    if (answer.index !== "") this.#indexes.set(question.request, answer.index);
    const held = request === question.request ? "" : ", held";
    const everything = question.expected(this.#view("all"));
    this.#count(
      question.kind + held,
      shown.length === 0 ? "nothing" : shown.length < everything.length ? "some" : "all",
    );
    if (answer.status !== 200 && answer.status !== 403 && answer.status !== 404)
      return this.#find(sent, `${request}: ${answer.status} ${answer.text}`);
    const text = JSON.stringify(shown);
    if (this.#isEver(sent, (view) => JSON.stringify(question.expected(view).toSorted()) === text)) return;
    const permitted = JSON.stringify(question.expected(this.#view(sent.secret)).toSorted());
    this.#find(sent, `${request} showed ${cut(text)}, and never was just that permitted; now ${cut(permitted)}`);
  }

  #attempt(): void {
    const attempt = randomAttempt(this.#world);
    const secret = this.#anySecret();
    const sent = this.#sent(secret);
    this.#write(async () => {
      const { status, text } = await this.#world.send(secret, attempt.request, attempt.body);
      this.#note(`${sent.secret} ${attempt.request} ${status}`);
      this.#count(attempt.kind, status === 200 ? "all" : "nothing");
      const isDone = status === 200;
      if (!isDone && status !== 403) return this.#find(sent, `${attempt.request}: ${status} ${text}`);
      if (!this.#isEver(sent, (view) => attempt.isAllowed(view) === isDone))
        this.#find(
          sent,
          `${attempt.request} ${JSON.stringify(attempt.body)} was ${isDone ? "done" : "refused"}: ${text}`,
        );
    });
  }

  /** Returns whether something holds at some moment since a request was sent. Looks at the newest moments first. */
  #isEver({ secret, from, sentMs }: Sent, holds: (view: View) => boolean): boolean {
    this.#world.noteEvents();
    const { moments, api, texts } = this.#world;
    for (let at = moments.length - 1; at >= from; at -= 1) {
      const moment = moments[at];
      if (!moment) continue;
      for (const nowMs of new Set([api.clock.wallMs(), sentMs]))
        if (holds(viewOf(moment, { secret, nowMs, texts }))) return true;
    }
    return false;
  }

  /** Returns the present moment for the holder of a token, or with all of its things. */
  #view(secret: string): View {
    const { moments, api, texts } = this.#world;
    const present = moments.at(-1);
    if (!present) throw new Error("a world has at least one moment");
    const view = viewOf(present, { secret, nowMs: api.clock.wallMs(), texts });
    return secret === "all" ? { ...view, may: () => true, mayWriteTree: () => true } : view;
  }

  #find({ secret, from, sentMs }: Sent, what: string): void {
    const { moments, api } = this.#world;
    const span = `moments ${from} to ${moments.length - 1}, ${sentMs} to ${api.clock.wallMs()} ms`;
    this.#findings.push(`the token ${secret} (${span}): ${what}`);
  }

  #note(line: string): void {
    this.#hash = Bun.hash.wyhash(line, this.#hash);
    this.#answers += 1;
  }

  #count(kind: string, what: string): void {
    const key = `${kind}: ${what}`;
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + 1);
  }
}

function waiting(request: string, index: string): string {
  return `${request}${request.includes("?") ? "&" : "?"}index=${index}&wait=60s`;
}

function cut(text: string): string {
  return text.length > 400 ? `${text.slice(0, 400)}...` : text;
}
