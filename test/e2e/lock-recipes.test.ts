import { expect, test } from "bun:test";
import { del, get, keyFolder, put, sharedTarget } from "../support/conformance.ts";
import { createSession } from "../support/session.ts";

await sharedTarget();

interface Entry {
  readonly Key: string;
  readonly Value: string;
  readonly Session?: string;
  readonly ModifyIndex: number;
}

/** Waits until the index of the query is above `index`, for at most ten seconds. */
async function waitFor(path: string, index: number): Promise<void> {
  await get(`${path}${path.includes("?") ? "&" : "?"}index=${index}&wait=10s`);
}

/** Acquires a lock by Consul's recipe: waits while another session holds the key, and then tries to acquire the key. */
async function acquire(key: string, session: string): Promise<void> {
  for (;;) {
    const seen = await get(`/v1/kv/${key}`);
    const holder = seen.status === 404 ? undefined : (seen.json as Entry[])[0]?.Session;
    if (holder === undefined && (await put(`/v1/kv/${key}?acquire=${session}`, "held")).text === "true") return;
    if (holder !== undefined) await waitFor(`/v1/kv/${key}`, seen.index);
  }
}

test("each client that contends for a lock acquires it, one client at a time", async () => {
  const key = `${keyFolder()}lock`;
  let inside = 0;
  let served = 0;
  const client = async (at: number): Promise<void> => {
    const session = await createSession({ LockDelay: "0s" });
    await acquire(key, session);
    inside += 1;
    expect(inside).toBe(1);
    await Bun.sleep(2);
    expect(inside).toBe(1);
    inside -= 1;
    served += 1;
    // Half of the clients release the lock, the others destroy their session without a release.
    await put(at % 2 === 0 ? `/v1/kv/${key}?release=${session}` : `/v1/session/destroy/${session}`, "free");
  };
  await Promise.all(Array.from({ length: 12 }, (_, at) => client(at)));
  expect(served).toBe(12);
});

interface Holders {
  readonly Limit: number;
  readonly Holders: readonly string[];
}

/**
 * Consul's recipe for a semaphore: one contender key for each session, and a list of holders that clients change with
 * check-and-set.
 */
class Semaphore {
  readonly #folder: string;
  readonly #limit: number;

  constructor(folder: string, limit: number) {
    this.#folder = folder;
    this.#limit = limit;
  }

  async enter(session: string): Promise<void> {
    expect((await put(`/v1/kv/${this.#folder}${session}?acquire=${session}`, "")).text).toBe("true");
    for (;;) {
      const { index, holders, modifyIndex } = await this.#read();
      if (holders.length >= this.#limit) await waitFor(`/v1/kv/${this.#folder}?recurse`, index);
      else if (await this.#write([...holders, session], modifyIndex)) return;
    }
  }

  async leave(session: string): Promise<void> {
    for (;;) {
      const { holders, modifyIndex } = await this.#read();
      if (
        await this.#write(
          holders.filter((each) => each !== session),
          modifyIndex,
        )
      )
        break;
    }
    await del(`/v1/kv/${this.#folder}${session}`);
  }

  /** Returns the list of holders without those whose contender key is not locked: they are dead. Also returns its indexes. */
  async #read(): Promise<{ index: number; holders: readonly string[]; modifyIndex: number }> {
    const answer = await get(`/v1/kv/${this.#folder}?recurse`);
    const entries = answer.json as Entry[];
    const alive = new Set(entries.map((entry) => entry.Session));
    const list = entries.find((entry) => entry.Key.endsWith("/.lock"));
    const held = list ? (JSON.parse(atob(list.Value)) as Holders).Holders : [];
    const holders = held.filter((session) => alive.has(session));
    return { index: answer.index, holders, modifyIndex: list?.ModifyIndex ?? 0 };
  }

  async #write(holders: readonly string[], cas: number): Promise<boolean> {
    const body: Holders = { Limit: this.#limit, Holders: holders };
    return (await put(`/v1/kv/${this.#folder}.lock?cas=${cas}`, body)).text === "true";
  }
}

test("a semaphore admits at most its limit of clients, also when some clients end while they hold a slot", async () => {
  const limit = 3;
  const semaphore = new Semaphore(keyFolder(), limit);
  const full = Promise.withResolvers<void>();
  let inside = 0;
  let served = 0;
  const client = async (at: number): Promise<void> => {
    const session = await createSession({ LockDelay: "0s", Behavior: "delete" });
    await semaphore.enter(session);
    inside += 1;
    expect(inside).toBeLessThanOrEqual(limit);
    // No client leaves before the semaphore was full once.
    if (inside === limit) full.resolve();
    await full.promise;
    await Bun.sleep(5);
    inside -= 1;
    served += 1;
    if (at % 3 === 0) await put(`/v1/session/destroy/${session}`);
    else await semaphore.leave(session);
  };
  await Promise.all(Array.from({ length: 12 }, (_, at) => client(at)));
  expect(served).toBe(12);
});
