import { type Clock, sleep } from "../lib/clock.ts";
import { parseDuration } from "../lib/duration.ts";
import { fieldsOf } from "./json-object.ts";
import { type HttpClient, jsonOf, unexpectedStatus } from "./http.ts";

export interface LockSessionOptions {
  readonly clock: Clock;
  /** The session's name in listings. */
  readonly name: string;
  /** With "delete", the end of the session deletes the keys that the session has acquired; otherwise it releases them. */
  readonly behavior?: "delete";
}

const ttl = "15s";
const ttlMs = parseDuration(ttl);
const retryMs = 1_000;

type Http = Pick<HttpClient, "request">;

/**
 * A session for a lock, which is renewed until `end` is called. It does not report the loss of the session, which the holder of
 * the lock sees in the lock's key. A failed renewal is repeated even after the TTL, since an agent that restarts begins the TTL
 * of every session anew.
 */
export class LockSession {
  readonly id: string;
  readonly #http: Http;
  readonly #ending = new AbortController();

  private constructor(id: string, http: Http) {
    this.id = id;
    this.#http = http;
  }

  /** Creates the session and starts to renew it. @throws OperatingError */
  static async start(http: Http, { clock, name, behavior }: LockSessionOptions): Promise<LockSession> {
    const body = JSON.stringify({ Name: name, TTL: ttl, ...(behavior && { Behavior: behavior }) });
    const answer = await http.request({ method: "PUT", path: "/v1/session/create", body });
    if (answer.status !== 200) throw unexpectedStatus(answer);
    const session = new LockSession(String(fieldsOf(jsonOf(answer))["ID"]), http);
    void session.#renew(clock);
    return session;
  }

  /** Destroys the session. If that fails, the session ends at the end of its TTL. Never rejects. */
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
