import { posix } from "node:path";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { fieldsOf } from "./json-object.ts";
import type { KvClient } from "./kv-client.ts";
import { type Attempt, type LockRecipe, withErrorPrefix, type Wait } from "./lock.ts";

/** Consul: flags of a semaphore's keys, which differ from those of a lock. */
const semaphoreFlags = 0xe0f69a2baa414de0n;

/** The value of the key `.lock`: the limit, and the sessions that hold the semaphore. */
interface Places {
  readonly limit: number;
  readonly holders: readonly string[];
}

interface Seen {
  readonly places: Places;
  readonly modifyIndex: number;
  readonly index: number;
}

/**
 * A lock with up to `limit` holders. Each contender has its own key below the prefix, acquired by its session and deleted with
 * it; the key `.lock` lists the holders. A session whose own key is deleted is not a holder any more.
 */
export class Semaphore implements LockRecipe {
  readonly behavior = "delete";
  readonly key: string;
  readonly #kv: KvClient;
  /** The folder of the semaphore's keys, with a final "/". */
  readonly #folder: string;
  readonly #limit: number;

  constructor(kv: KvClient, options: { readonly prefix: string; readonly limit: number }) {
    this.#kv = kv;
    this.#limit = options.limit;
    this.key = posix.join(options.prefix, ".lock");
    this.#folder = this.key.slice(0, -".lock".length);
  }

  async enter(session: string): Promise<void> {
    const contender = { key: this.#folder + session, value: new Uint8Array(), flags: semaphoreFlags };
    const what = "failed to make contender entry";
    const made = await withErrorPrefix(what, () => this.#kv.put({ ...contender, condition: { acquire: session } }));
    if (!made) throw new OperatingError("unavailable", "lock-session-gone", `${what}: its session is gone`);
  }

  async attempt(session: string, wait: Wait): Promise<Attempt> {
    const { places, modifyIndex, index } = await this.#read(wait);
    if (places.limit !== this.#limit) throw conflictOfLimits(places.limit, this.#limit);
    if (places.holders.length >= places.limit) return { outcome: "taken", index };
    const isSet = await this.#write({ ...places, holders: [...places.holders, session] }, modifyIndex);
    return { outcome: isSet ? "held" : "raced" };
  }

  async checkHeld(session: string, wait: Wait): Promise<{ readonly isHeld: boolean; readonly index: number }> {
    const { places, index } = await this.#read(wait, { consistent: "" });
    return { isHeld: places.holders.includes(session), index };
  }

  async release(session: string): Promise<void> {
    for (;;) {
      const entry = await this.#kv.get(this.key);
      const places = this.#decode(entry);
      if (!places.holders.includes(session)) break;
      const holders = places.holders.filter((holder) => holder !== session);
      if (await this.#write({ ...places, holders }, entry?.modifyIndex ?? 0)) break;
    }
    await this.#kv.delete(this.#folder + session);
  }

  async cleanUp(): Promise<boolean> {
    const { places, modifyIndex } = await this.#read({ index: 0, waitMs: 0 });
    if (modifyIndex === 0) return true;
    if (places.holders.length > 0) return false;
    return withErrorPrefix("failed to remove semaphore", () => this.#kv.delete(this.key, { cas: String(modifyIndex) }));
  }

  /** Reads the semaphore's keys. Resolves with the holders whose own keys still exist. */
  async #read(wait: Omit<Wait, "signal">, query: Readonly<Record<string, string>> = {}): Promise<Seen> {
    const { entries, index } = await withErrorPrefix("failed to read prefix", () =>
      this.#kv.wait(this.#folder, { ...wait, query: { ...query, recurse: "" } }),
    );
    const entry = entries.find(({ key }) => key === this.key);
    if (entry && entry.flags !== semaphoreFlags)
      throw new OperatingError("conflict", "no-semaphore", "Existing key does not match semaphore use");
    const alive = new Set(entries.map(({ session }) => session));
    const { limit, holders } = this.#decode(entry);
    const places = { limit, holders: holders.filter((holder) => alive.has(holder)) };
    return { places, modifyIndex: entry?.modifyIndex ?? 0, index };
  }

  /** Writes the key `.lock`. Resolves with false if another contender has written it since `modifyIndex`. */
  #write({ limit, holders }: Places, modifyIndex: number): Promise<boolean> {
    const Holders = Object.fromEntries(holders.toSorted().map((holder) => [holder, true]));
    const value = new TextEncoder().encode(JSON.stringify({ Limit: limit, Holders }));
    const condition = { cas: String(modifyIndex) };
    return withErrorPrefix("failed to update lock", () =>
      this.#kv.put({ key: this.key, value, flags: semaphoreFlags, condition }),
    );
  }

  #decode(entry: KvEntry | undefined): Places {
    if (entry === undefined || entry.value.length === 0) return { limit: this.#limit, holders: [] };
    try {
      const fields = fieldsOf(JSON.parse(new TextDecoder().decode(entry.value)));
      return { limit: Number(fields["Limit"]), holders: Object.keys(fieldsOf(fields["Holders"])) };
    } catch (cause) {
      const message = `lock decoding failed: ${messageOf(cause)}`;
      throw new OperatingError("conflict", "no-semaphore", message, { cause });
    }
  }
}

function conflictOfLimits(theirs: number, ours: number): OperatingError {
  const message = `semaphore limit conflict (lock: ${theirs}, local: ${ours})`;
  return new OperatingError("conflict", "semaphore-limit", message);
}
