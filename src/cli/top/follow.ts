import { type HttpAnswer, jsonOf } from "../../client/http.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { AgentApi } from "../api-command.ts";
import { JsonRow } from "../../client/json-row.ts";
import { type Model, modelFrom, type SinceOf } from "./model.ts";

export interface Follower {
  /** Called with each answer of the agent; the model may be unchanged. */
  onModel(this: void, model: Model): void;
  /** Called with the reason when the agent does not answer. */
  onTrouble(this: void, trouble: string): void;
}

const path = "/v1/internal/ui/nodes";
/**
 * The `wait` of a blocking query in milliseconds. praetor top notices after about this time that the agent is gone. Consul adds
 * up to 1/16 as jitter.
 */
const waitMs = 10_000;
const timeoutMs = waitMs + waitMs / 16 + 5_000;
const retryMs = 1_000;
/** Minimum pause between two updates of the screen, in milliseconds. */
const pauseMs = 100;

/**
 * The last status of each check, by node and check id. `sinceMs` is undefined if the status has not changed since the first
 * answer.
 */
type Seen = Map<string, { readonly status: string; readonly sinceMs: number | undefined }>;

/** Reads the catalog of one agent, and records when each check got its status. */
export class Catalog {
  readonly #api: AgentApi;
  readonly #clock: Clock;
  /** The statuses in the agent's last answer; undefined before the first answer. */
  #seen: Seen | undefined;

  constructor(api: AgentApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  /** Reads the catalog once; resolves with the model. @throws OperatingError if the agent does not answer with status 200 */
  async read(): Promise<Model> {
    return this.#model(await this.#api.ok({ path }));
  }

  /** Calls the follower with each answer of the agent, at a change or about every ten seconds, until `signal` aborts. */
  async follow(follower: Follower, signal: AbortSignal): Promise<void> {
    let index = 0;
    while (!signal.aborted) {
      try {
        const query = index > 0 ? { index: String(index), wait: `${waitMs}ms` } : {};
        const answer = await this.#api.ok({ path, query, timeoutMs, signal });
        const next = Number(answer.headers.get("X-Consul-Index") ?? 0);
        // If the agent lost its state, its index starts again at a lower number.
        index = next < index ? 0 : next;
        follower.onModel(await this.#model(answer, signal));
        await sleep(this.#clock, pauseMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        index = 0;
        // Removes the request, `Get "http://...": `, from the message, since the request is always the same.
        follower.onTrouble(messageOf(error).replace(/^\w+ "[^"]*": /, ""));
        await sleep(this.#clock, retryMs, signal);
      }
    }
  }

  async #model(answer: HttpAnswer, signal?: AbortSignal): Promise<Model> {
    const reported = await this.#reportedSince(signal);
    const before = this.#seen;
    const nowMs = this.#clock.wallMs();
    const now: Seen = new Map();
    const sinceOf: SinceOf = ({ node, id, status }) => {
      const key = JSON.stringify([node, id]);
      const known = before?.get(key);
      const observed = known?.status === status ? known.sinceMs : before && nowMs;
      const sinceMs = reported.get(key) ?? observed;
      now.set(key, { status, sinceMs });
      return sinceMs;
    };
    const model = modelFrom(jsonOf(answer), sinceOf);
    this.#seen = now;
    return model;
  }

  /**
   * Returns the time at which each of the agent's checks got its status, by this machine's clock. Consul does not report these
   * times.
   */
  async #reportedSince(signal?: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const reported = new Map<string, number>();
    try {
      const answer = await this.#api.ok({ path: "/v1/agent/checks", query: { since: "" }, timeoutMs, signal });
      const checks = new JsonRow(jsonOf(answer));
      const date = Date.parse(answer.headers.get("Date") ?? "");
      // Ignores small differences between the clocks, since the header Date has whole seconds.
      const aheadMs = Number.isNaN(date) ? 0 : date - this.#clock.wallMs();
      const correctionMs = Math.abs(aheadMs) > 2_000 ? aheadMs : 0;
      for (const id of checks.names) {
        const check = checks.row(id);
        const sinceMs = Date.parse(check.text("Since"));
        if (!Number.isNaN(sinceMs)) reported.set(JSON.stringify([check.text("Node"), id]), sinceMs - correctionMs);
      }
    } catch (error) {
      // Without these times, the list is still complete.
      if (!(error instanceof OperatingError)) throw error;
    }
    return reported;
  }
}
