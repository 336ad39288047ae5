import { jsonOf } from "../../client/http.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { AgentApi } from "../api-command.ts";
import { type Model, modelFrom } from "./model.ts";

export interface Follower {
  onModel(this: void, model: Model): void;
  /** Why there is no newer model. */
  onTrouble(this: void, trouble: string): void;
}

const path = "/v1/internal/ui/nodes";
const waitMs = 300_000;
/** Consul adds a sixteenth to the wait, so that not all clients come back at once. */
const timeoutMs = waitMs + waitMs / 16 + 10_000;
const retryMs = 1_000;
/** Between two pictures, however fast the catalog changes. */
const pauseMs = 100;

/** @throws OperatingError */
export async function askModel(api: AgentApi): Promise<Model> {
  return modelFrom(jsonOf(await api.ok({ path })));
}

/** Waits for each change of the catalog, by blocking queries, until `signal` aborts. */
export async function followModel(
  api: AgentApi,
  follower: Follower,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  let index = 0;
  while (!signal.aborted) {
    try {
      const query = index > 0 ? { index: String(index), wait: `${waitMs}ms` } : {};
      const answer = await api.ok({ path, query, timeoutMs, signal });
      const next = Number(answer.headers.get("X-Consul-Index") ?? 0);
      // An agent that has begun anew counts from below.
      index = next < index ? 0 : next;
      follower.onModel(modelFrom(jsonOf(answer)));
      await sleep(clock, pauseMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      index = 0;
      // Without the request, which is always the same: `Get "http://...": `.
      follower.onTrouble(messageOf(error).replace(/^\w+ "[^"]*": /, ""));
      await sleep(clock, retryMs, signal);
    }
  }
}
