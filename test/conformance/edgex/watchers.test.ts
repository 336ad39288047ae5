import { expect, test } from "bun:test";
import { type Asking, ConfigurationWatcher } from "../../support/configuration-watcher.ts";
import { del, differs, get, keyFolder, put, sharedTarget } from "../../support/conformance.ts";
import { FakeRandom } from "../../support/fake-random.ts";
import { pickOf } from "../../support/linearizability/trial.ts";
import { within } from "../../support/within.ts";

const target = await sharedTarget();

const seed = Number(process.env["SEED"] ?? 1);
const changes = 200;
const random = new FakeRandom(seed);
const unheard = "misses a recursive delete of a parent and lets the index fall back";

const nullBreaks = "device-sdk-c refuses a whole configuration with a null in it";
const overheard = "wakes who watches an empty folder for a write of any other key";

/** Folders that are nested, side by side, and with a name that is a prefix of another folder's name. */
const folders = ["", "a/", "a/b/", "a/b/c/", "a/bb/", "ab/"] as const;
const names = ["x", "y", "z"] as const;

const go: Asking = { recurse: "", headers: { "User-Agent": "Go-http-client/1.1" } };
const c: Asking = { recurse: "true", headers: { "User-Agent": "edgex" } };
/** The C SDK's requests with the User-Agent of another client. */
const other: Asking = { recurse: "true", headers: {} };

/** The keys and values that the store must have, and the number of changes of each watched folder so far. */
class Ledger {
  readonly keys = new Map<string, string>();
  readonly changesBelow: Map<string, number> = new Map(folders.map((folder) => [folder, 0]));

  set(key: string, value: string): void {
    if (this.keys.get(key) !== value) this.#count([key]);
    this.keys.set(key, value);
  }

  delete(gone: readonly string[]): void {
    this.#count(gone);
    for (const key of gone) this.keys.delete(key);
  }

  /** Counts one write as one change of a folder, however many keys it touches. */
  #count(touched: readonly string[]): void {
    for (const [folder, count] of this.changesBelow)
      if (touched.some((key) => key.startsWith(folder))) this.changesBelow.set(folder, count + 1);
  }
}

function pick<T>(of: readonly T[]): T {
  const picked = pickOf(random, of);
  if (picked === undefined) throw new Error("nothing to pick from");
  return picked;
}

async function change(root: string, ledger: Ledger): Promise<void> {
  const key = pick(folders) + pick(names);
  const kind = random.uniform();
  if (kind < 0.7) {
    const value = pick(["1", "2", ""]);
    await put(`/v1/kv/${root}${key}`, value);
    return ledger.set(key, value);
  }
  if (kind < 0.9) {
    await del(`/v1/kv/${root}${key}`);
    return ledger.delete(ledger.keys.has(key) ? [key] : []);
  }
  // Consul can fail to wake a watch below a deleted tree. Therefore a run on Consul deletes only a tree that has no
  // watch below it.
  const folder = differs("consul", unheard) ? "a/b/c/" : pick(folders);
  await del(`/v1/kv/${root}${folder}?recurse`);
  ledger.delete([...ledger.keys.keys()].filter((each) => each.startsWith(folder)));
}

test(`watchers like Geneva's services read the current keys, and wake at most once for each change (SEED=${seed})`, async () => {
  const root = keyFolder();
  const ledger = new Ledger();
  const watched = folders.flatMap((folder) => [go, c, other].map((asking) => ({ folder, asking })));
  const watchers = watched.map(
    ({ folder, asking }) => new ConfigurationWatcher(target.url, root + folder, { asking, wait: "1s" }),
  );
  const running = watchers.map((watcher) => watcher.run());
  const started = performance.now();
  for (let round = 0; round < changes; round += 1) await change(root, ledger);
  await within(5_000, () => expectSameAsStore(watchers));
  const waits = Math.ceil((performance.now() - started) / 1_000);
  const answered = watchers.map((watcher) => watcher.answered);
  for (const watcher of watchers) watcher.stop();
  await Promise.all(running);

  expect(await storedBelow(root)).toEqual(encoded(root, ledger.keys));
  for (const [at, { folder }] of watched.entries()) {
    // The first answer of each watcher, and the answers at the end of a wait, come without a change.
    const needless = 1 + waits;
    const below = ledger.changesBelow.get(folder) ?? 0;
    expect(answered[at]).toBeLessThanOrEqual((differs("consul", overheard) ? changes : below) + needless);
    const indexes = watchers[at]?.indexes ?? [];
    expect(indexes).toEqual(indexes.toSorted((left, right) => left - right));
  }
});

async function expectSameAsStore(watchers: readonly ConfigurationWatcher[]): Promise<void> {
  for (const { prefix, picture, asking } of watchers) {
    const stored = Object.entries(await storedBelow(prefix));
    const empty = asking === c && differs("praetor", nullBreaks) ? "" : null;
    expect(picture).toEqual(Object.fromEntries(stored.map(([key, value]) => [key, value ?? empty])));
  }
}

async function storedBelow(prefix: string): Promise<Record<string, string | null>> {
  const answer = await get(`/v1/kv/${prefix}?recurse`);
  const pairs = answer.status === 404 ? [] : (answer.json as { Key: string; Value: string | null }[]);
  return Object.fromEntries(pairs.map(({ Key, Value }) => [Key, Value]));
}

function encoded(root: string, keys: ReadonlyMap<string, string>): Record<string, string | null> {
  const pairs = [...keys].map(([key, value]) => [
    root + key,
    value === "" ? null : Buffer.from(value).toString("base64"),
  ]);
  return Object.fromEntries(pairs) as Record<string, string | null>;
}
