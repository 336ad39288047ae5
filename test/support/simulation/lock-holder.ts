import { sleep, type Clock } from "../../../src/lib/clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import { LineBroken, type LineRequest } from "../linearizability/line.ts";
import { pickOf } from "../linearizability/trial.ts";
import type { SessionLedger } from "./session-ledger.ts";
import { requireDone } from "./simulated-line.ts";
import type { NetworkAnswer, SimulatedNetwork } from "./simulated-network.ts";

export const lockKeys: readonly string[] = ["locks/a", "locks/b"];

export interface LockHolderOptions {
  readonly network: SimulatedNetwork;
  readonly clock: Clock;
  readonly random: FakeRandom;
  readonly ledger: SessionLedger;
  readonly client: string;
}

/** Maximum pause before a client without the lock tries again, in milliseconds. */
const rivalMsMax = 1_000;

interface Holding {
  readonly id: string;
  readonly ttlMs: number;
}

/**
 * A client that acquires locks with sessions that have a TTL, and then renews a session, renews it late, stops renewing it,
 * releases the lock or destroys the session.
 */
export class LockHolder {
  readonly #options: LockHolderOptions;

  constructor(options: LockHolderOptions) {
    this.#options = options;
  }

  async run(stopped: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!stopped.aborted) {
      try {
        await this.#hold(await this.#create(), stopped);
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error;
      }
      await sleep(clock, random.uniform() * 3_000, stopped);
    }
  }

  async #create(): Promise<Holding> {
    const { random, ledger } = this.#options;
    const ttlMs = 10_000 + Math.floor(random.uniform() * 5_000);
    const lockDelayMs = Math.floor(random.uniform() * 8_000);
    const Behavior = random.uniform() < 0.7 ? "release" : "delete";
    const body = JSON.stringify({ TTL: `${ttlMs}ms`, LockDelay: `${lockDelayMs}ms`, Behavior });
    const answer = await this.#send({ method: "PUT", path: "/v1/session/create", body });
    const { ID: id } = JSON.parse(answer.body) as { readonly ID: string };
    ledger.created(id, answer, { ttlMs, lockDelayMs });
    return { id, ttlMs };
  }

  /** Acquires a lock and renews its session, in random order, until the session is lost or the client ends the lock. */
  async #hold(holding: Holding, stopped: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const key = pickOf(random, lockKeys) ?? "";
    while (!stopped.aborted) {
      const chance = random.uniform();
      if (chance < 0.5 && !(await this.#acquire(holding, key))) {
        await sleep(clock, random.uniform() * rivalMsMax, stopped);
        continue;
      }
      if (chance >= 0.5 && chance < 0.9 && !(await this.#renew(holding))) return;
      if (chance > 0.98) return this.#end(holding, key);
      // The pause before a renewal is usually short enough, sometimes between one and two TTLs, and sometimes too long.
      await sleep(clock, holding.ttlMs * random.uniform() ** 3 * 2.4, stopped);
    }
  }

  async #acquire({ id }: Holding, key: string): Promise<boolean> {
    const path = `/v1/kv/${key}?acquire=${id}`;
    const answer = await this.#send({ method: "PUT", path, body: "x" });
    const isTaken = answer.body.startsWith("true");
    if (isTaken) this.#options.ledger.acquired(id, key, answer.leftMs);
    return isTaken;
  }

  async #renew({ id }: Holding): Promise<boolean> {
    const { network, ledger, client } = this.#options;
    const request: LineRequest = { method: "PUT", path: `/v1/session/renew/${id}` };
    const answer = await network.send(client, request, (atMs) => ledger.renewing(id, atMs));
    if (answer.status === 200) ledger.renewed(id, answer.arrivedMs);
    return answer.status === 200;
  }

  async #end({ id }: Holding, key: string): Promise<void> {
    const { random, ledger } = this.#options;
    ledger.ending(id);
    const isReleased = random.uniform() < 0.5;
    const path = isReleased ? `/v1/kv/${key}?release=${id}` : `/v1/session/destroy/${id}`;
    await this.#send({ method: "PUT", path, body: "" });
  }

  async #send(request: LineRequest): Promise<NetworkAnswer> {
    const { network, client } = this.#options;
    return requireDone(await network.send(client, request));
  }
}
