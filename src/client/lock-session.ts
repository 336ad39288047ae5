import { type Clock, sleep } from "../lib/clock.ts";
import { parseDuration } from "../lib/duration.ts";
import { fieldsOf } from "./json-object.ts";
import { type HttpClient, jsonOf, unexpectedStatus } from "./http.ts";

export interface LockSessionOptions {
  readonly clock: Clock;
  /** Told to who lists the sessions. */
  readonly name: string;
  /** "delete" takes the session's keys away with it. */
  readonly behavior?: "delete";
}

const ttl = "15s";
const ttlMs = parseDuration(ttl);
const retryMs = 1_000;

type Http = Pick<HttpClient, "request">;

/**
 * A session for a lock, renewed until it is ended. Who holds it does not learn here that it is gone, but from the key: a
 * failed renewal is tried again for as long as the session may be alive, and longer, since an agent that comes back
 * gives every session its whole time anew.
 */
export class LockSession {
  readonly id: string;
  readonly #http: Http;
  readonly #ending = new AbortController();

  private constructor(id: string, http: Http) {
    this.id = id;
    this.#http = http;
  }

  /** @throws OperatingError */
  static async start(http: Http, { clock, name, behavior }: LockSessionOptions): Promise<LockSession> {
    const body = JSON.stringify({ Name: name, TTL: ttl, ...(behavior && { Behavior: behavior }) });
    const answer = await http.request({ method: "PUT", path: "/v1/session/create", body });
    if (answer.status !== 200) throw unexpectedStatus(answer);
    const session = new LockSession(String(fieldsOf(jsonOf(answer))["ID"]), http);
    void session.#renew(clock);
    return session;
  }

  /** A session that cannot be ended ends by itself, when its time is over. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#put("destroy").catch(() => undefined);
  }

  async #renew(clock: Clock): Promise<void> {
    const { signal } = this.#ending;
    for (let waitMs = ttlMs / 2; ;) {
      await sleep(clock, waitMs, signal);
      if (signal.aborted) return;
      const status = await this.#put("renew").catch(() => 0);
      if (status === 404) return;
      waitMs = status === 200 ? ttlMs / 2 : retryMs;
    }
  }

  async #put(what: "renew" | "destroy"): Promise<number> {
    const path = `/v1/session/${what}/${encodeURIComponent(this.id)}`;
    const { status } = await this.#http.request({ method: "PUT", path, timeoutMs: ttlMs / 2 });
    return status;
  }
}
