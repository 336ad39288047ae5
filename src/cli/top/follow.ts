import { type HttpAnswer, jsonOf } from "../../client/http.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { AgentApi } from "../api-command.ts";
import { JsonRow } from "../json.ts";
import { type Model, modelFrom, type SinceOf } from "./model.ts";

export interface Follower {
  /** The agent has answered; the model may be as before. */
  onModel(this: void, model: Model): void;
  /** Why there is no newer model. */
  onTrouble(this: void, trouble: string): void;
}

const path = "/v1/internal/ui/nodes";
/** So long an agent may be gone, or hang, until that is noticed; Consul adds a sixteenth, for not all clients to come back at once. */
const waitMs = 10_000;
const timeoutMs = waitMs + waitMs / 16 + 5_000;
const retryMs = 1_000;
/** Between two pictures, however fast the catalog changes. */
const pauseMs = 100;

/** What was seen of each check, by node and id; `sinceMs` is undefined if it was so when first seen. */
type Seen = Map<string, { readonly status: string; readonly sinceMs: number | undefined }>;

/** Reads the catalog of one agent, and remembers since when its checks have their statuses. */
export class Catalog {
  readonly #api: AgentApi;
  readonly #clock: Clock;
  /** undefined before the first answer. */
  #seen: Seen | undefined;

  constructor(api: AgentApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** @throws OperatingError */
  async read(): Promise<Model> {
    return this.#model(await this.#api.ok({ path }));
  }

  /** Calls the follower at each change, and at least every few seconds, until `signal` aborts. */
  async follow(follower: Follower, signal: AbortSignal): Promise<void> {
    let index = 0;
    while (!signal.aborted) {
      try {
        const query = index > 0 ? { index: String(index), wait: `${waitMs}ms` } : {};
        const answer = await this.#api.ok({ path, query, timeoutMs, signal });
        const next = Number(answer.headers.get("X-Consul-Index") ?? 0);
        // An agent that has begun anew counts from below.
        index = next < index ? 0 : next;
        follower.onModel(await this.#model(answer, signal));
        await sleep(this.#clock, pauseMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        index = 0;
        // Without the request, which is always the same: `Get "http://...": `.
        follower.onTrouble(messageOf(error).replace(/^\w+ "[^"]*": /, ""));
        await sleep(this.#clock, retryMs, signal);
      }
    }
  }

  async #model(answer: HttpAnswer, signal?: AbortSignal): Promise<Model> {
    const told = await this.#toldSince(signal);
    const before = this.#seen;
    const nowMs = this.#clock.wallMs();
    const now: Seen = new Map();
    const sinceOf: SinceOf = ({ node, id, status }) => {
      const key = JSON.stringify([node, id]);
      const known = before?.get(key);
      const observed = known?.status === status ? known.sinceMs : before && nowMs;
      const sinceMs = told.get(key) ?? observed;
      now.set(key, { status, sinceMs });
      return sinceMs;
    };
    const model = modelFrom(jsonOf(answer), sinceOf);
    this.#seen = now;
    return model;
  }

  /** What the agent tells of its own checks, by this machine's clock. A Consul does not. */
  async #toldSince(signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const told = new Map<string, number>();
    try {
      const answer = await this.#api.ok({ path: "/v1/agent/checks", query: { since: "" }, timeoutMs, signal });
      const checks = new JsonRow(jsonOf(answer));
      const date = Date.parse(answer.headers.get("Date") ?? "");
      // The header has whole seconds, so a small difference means nothing.
      const aheadMs = Number.isNaN(date) ? 0 : date - this.#clock.wallMs();
      const correctionMs = Math.abs(aheadMs) > 2_000 ? aheadMs : 0;
      for (const id of checks.names) {
        const check = checks.row(id);
        const sinceMs = Date.parse(check.text("Since"));
        if (!Number.isNaN(sinceMs)) told.set(JSON.stringify([check.text("Node"), id]), sinceMs - correctionMs);
      }
    } catch (error) {
      // The catalog is readable, and the ages of statuses are an extra.
      if (!(error instanceof OperatingError)) throw error;
    }
    return told;
  }
}
