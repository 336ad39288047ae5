import type { AnswerCache } from "../../../src/http/answer-cache.ts";
import type { Callers } from "../../../src/registry/caller.ts";
import { startTestApi, type TestApi } from "../api.ts";
import type { TestAgent } from "../agent.ts";
import { FakeRandom } from "../fake-random.ts";
import { askInProcess } from "../in-process.ts";
import { settle } from "../settle.ts";
import type { Moment, RulesByText } from "./moments.ts";
import type { ModelRule } from "./rights-model.ts";
import { hclOf, jsonOf, legacyOf } from "./random-rules.ts";

const master = "5f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0000";

/** Parts of the agent with a planted fault. */
export interface PlantedFault {
  readonly answers?: AnswerCache;
  readonly replaceCallers?: (usual: Callers, world: TestAgent) => Callers;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly index: string;
}

/** A guarded agent in memory, and a record of all moments that a client of it could see. */
export class GuardedWorld {
  readonly api: TestApi;
  readonly random: FakeRandom;
  /** All moments, the present one last. */
  readonly moments: Moment[];
  readonly #texts = new Map<string, readonly ModelRule[]>();
  #writes = 0;
  #clients = 0;

  private constructor(api: TestApi, random: FakeRandom) {
    this.api = api;
    this.random = random;
    this.moments = [{ state: api.store.state, events: api.events.list("") }];
    api.store.follow(() => void this.moments.push({ ...this.#present, state: api.store.state }));
  }

  /** Starts an agent that denies by default, with a management token. */
  static async start(seed: number, fault: PlantedFault = {}): Promise<GuardedWorld> {
    const api = await startTestApi({ isDenying: true, ...fault });
    const world = new GuardedWorld(api, new FakeRandom(seed));
    const token = { accessorId: master, secretId: master };
    await api.store.submit({ type: "acl-initialize", master: token, nowMs: api.clock.wallMs() });
    return world;
  }

  get texts(): RulesByText {
    return this.#texts;
  }

  get #present(): Moment {
    const moment = this.moments.at(-1);
    if (!moment) throw new Error("a world has at least one moment");
    return moment;
  }

  /** Returns a text that no earlier call returned, so that each written thing can be told from all others. */
  unique(): string {
    this.#writes += 1;
    return `v${this.#writes}`;
  }

  /** Writes rules in one of their syntaxes, and remembers what the text means. */
  textOf(rules: readonly ModelRule[], isLegacy = false): string {
    const write = isLegacy ? legacyOf : this.random.uniform() < 0.5 ? hclOf : jsonOf;
    const text = write(rules);
    this.#texts.set(text, rules);
    return text;
  }

  /** Sends a request from an address of its own, since addresses that send many unknown tokens are limited. */
  async send(secret: string | undefined, request: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
    const [method = "", ...path] = request.split(" ");
    this.#clients += 1;
    const init: RequestInit = {
      method,
      ...(secret !== undefined && { headers: { "X-Consul-Token": secret } }),
      ...(body !== undefined && {
        body: typeof body === "string" || body instanceof ArrayBuffer ? body : JSON.stringify(body),
      }),
      ...(signal && { signal }),
    };
    const response = await askInProcess(this.api.router, path.join(" "), init, `192.0.2.${this.#clients}`);
    const text = await response.text();
    return { status: response.status, text, index: response.headers.get("x-consul-index") ?? "" };
  }

  /** Sends a request with the management token. @throws Error when the agent refuses it */
  async put(request: string, body?: unknown): Promise<Answer> {
    const answer = await this.send(master, request, body);
    if (answer.status !== 200) throw new Error(`${request}: ${answer.status} ${answer.text}`);
    return answer;
  }

  /** Returns a snapshot of all that the agent holds. */
  async snapshot(): Promise<ArrayBuffer> {
    const headers = { "X-Consul-Token": master };
    const answer = await askInProcess(this.api.router, "/v1/snapshot", { headers });
    if (answer.status !== 200) throw new Error(`a snapshot: ${answer.status} ${await answer.text()}`);
    return answer.arrayBuffer();
  }

  /** Notes the events that were fired since the last moment: they are in no state. */
  noteEvents(): void {
    const events = this.api.events.list("");
    if (events !== this.#present.events) this.moments.push({ ...this.#present, events });
  }

  /** Lets all requests go on until each waits for a write, for time, or for the disk. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) await settle();
  }
}
