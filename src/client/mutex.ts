import { posix } from "node:path";
import { OperatingError } from "../lib/errors.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import type { KvClient } from "./kv-client.ts";
import { type Attempt, type LockRecipe, withErrorPrefix, type Wait } from "./lock.ts";

/** Consul: flags of a lock's key, which differ from those of a semaphore. */
const lockFlags = 0x2ddccbc058a50c18n;

/** A lock with one holder: the session that has acquired the key `.lock` below the prefix. */
export class Mutex implements LockRecipe {
  readonly key: string;
  readonly #kv: KvClient;

  constructor(kv: KvClient, prefix: string) {
    this.#kv = kv;
    this.key = posix.join(prefix, ".lock");
  }

  async enter(): Promise<void> {}

  async attempt(session: string, wait: Wait): Promise<Attempt> {
    const { entry, index } = await this.#read(wait);
    if (entry?.session === session) return { outcome: "held" };
    if (entry?.session) return { outcome: "taken", index };
    if (await withErrorPrefix("failed to acquire lock", () => this.#put({ acquire: session })))
      return { outcome: "held" };
    const seen = await this.#read({ ...wait, index: 0 });
    return seen.entry?.session ? { outcome: "taken", index: seen.index } : { outcome: "delayed" };
  }

  async checkHeld(session: string, wait: Wait): Promise<{ readonly isHeld: boolean; readonly index: number }> {
    const { entries, index } = await this.#kv.wait(this.key, { ...wait, query: { consistent: "" } });
    return { isHeld: entries[0]?.session === session, index };
  }

  async release(session: string): Promise<void> {
    await withErrorPrefix("failed to release lock", () => this.#put({ release: session }));
  }

  async cleanUp(): Promise<boolean> {
    const entry = await withErrorPrefix("failed to read lock", () => this.#kv.get(this.key));
    if (entry === undefined) return true;
    requireLock(entry);
    if (entry.session !== "") return false;
    return withErrorPrefix("failed to remove lock", () =>
      this.#kv.delete(this.key, { cas: String(entry.modifyIndex) }),
    );
  }

  /** Reads the lock's key. @throws OperatingError conflict if the key is not a lock */
  async #read(wait: Wait): Promise<{ readonly entry: KvEntry | undefined; readonly index: number }> {
    const { entries, index } = await withErrorPrefix("failed to read lock", () => this.#kv.wait(this.key, wait));
    const [entry] = entries;
    if (entry) requireLock(entry);
    return { entry, index };
  }

  #put(condition: Readonly<Record<string, string>>): Promise<boolean> {
    return this.#kv.put({ key: this.key, value: new Uint8Array(), flags: lockFlags, condition });
  }
}

function requireLock(entry: KvEntry): void {
  if (entry.flags !== lockFlags)
    throw new OperatingError("conflict", "no-lock", "Existing key does not match lock use");
}
