import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { rejectionOf } from "../../test/support/rejection.ts";
import { within } from "../../test/support/within.ts";
import type { Batch, Row, RowChange } from "./engine.ts";
import { batch, change, describeEngine, drop, put, readable } from "./engine.suite.ts";
import type { Leader, Position, ReplicatedEngine, Term } from "./replicated-engine.ts";

/** A cluster of servers. A test can end the cluster's current term and compact its log. */
export interface ClusterPlace {
  /** Opens the engine of one server of the cluster. */
  open(name: string): Promise<ReplicatedEngine>;
  /** Ends the current term although its leader has not closed it, as when a lease expires. */
  expire(): Promise<void>;
  /** Deletes all batches so far from the log, so that a follower that has not received them has to load again. */
  compact(): Promise<void>;
  /** Releases the cluster. The test has closed every engine opened in it. */
  remove(): void;
}

/**
 * Defines the tests of the contract in replicated-engine.ts, which every replicated engine must pass. The terms of the engine
 * must also pass the tests of engine.suite.ts.
 */
export function describeReplicatedEngine(name: string, createPlace: () => ClusterPlace): void {
  describeEngine(`term of the ${name} cluster's`, () => {
    const place = createPlace();
    return { open: () => openTerm(place), remove: () => place.remove() };
  });

  describe(`${name} cluster`, () => {
    let place: ClusterPlace;
    let one: ReplicatedEngine;
    let two: ReplicatedEngine;
    beforeEach(async () => {
      place = createPlace();
      one = await place.open("one");
      two = await place.open("two");
    });
    afterEach(async () => {
      await Promise.all([one.close(), two.close()]);
      place.remove();
    });

    test("batches that one server commits reach the other server in order, with their rows and revisions", async () => {
      const term = await campaign(one);
      const mirror = await Mirror.start(two);
      await Promise.all([
        term.commit(batch(3, put("t", "a", "1"), put("t", "b", "2"))),
        term.commit(batch(4)),
        term.commit(batch(9, drop("t", "a"), put("u", "c", "3"))),
      ]);
      await mirror.reaches(3);
      expect(mirror.seen).toEqual([
        [1, 3],
        [2, 4],
        [3, 9],
      ]);
      expect(mirror.rows).toEqual(["t/b=2", "u/c=3"]);
    });

    test("each batch that a follower gets has the number of the term in which it was committed", async () => {
      const first = await campaign(one);
      const terms: number[] = [];
      two.follow(0, { batch: ({ term }) => void terms.push(term), reload: () => {} });
      await first.commit(batch(1, put("t", "a", "1")));
      await first.close();
      const second = await campaign(two);
      await second.commit(batch(2));
      const mirror = await Mirror.start(two);
      await mirror.reaches(2);
      await within(1_000, async () => expect(terms).toEqual([first.number, second.number]));
    });

    test("a leading server's follower also gets the batches that this server commits", async () => {
      const term = await campaign(one);
      const mirror = await Mirror.start(one);
      await term.commit(batch(1, put("t", "a", "1")));
      await mirror.reaches(1);
      expect(mirror.rows).toEqual(["t/a=1"]);
    });

    test("a follower that begins at an earlier position gets each later batch exactly once", async () => {
      const term = await campaign(one);
      for (const revision of [1, 2, 3]) await term.commit(batch(revision, put("t", "a", String(revision))));
      const mirror = new Mirror(two);
      mirror.follow(1);
      await term.commit(batch(4, put("t", "a", "4")));
      await mirror.reaches(4);
      expect(mirror.seen.map(([position]) => position)).toEqual([2, 3, 4]);
    });

    test("a follower whose next batch was deleted by a compaction must load again", async () => {
      const term = await campaign(one);
      await term.commit(batch(1, put("t", "a", "1")));
      await term.commit(batch(2, put("t", "b", "2")));
      await place.compact();
      const reloaded = Promise.withResolvers<void>();
      const seen: Position[] = [];
      two.follow(0, { batch: (_, position) => void seen.push(position), reload: reloaded.resolve });
      await reloaded.promise;
      expect(seen).toEqual([]);
      const mirror = await Mirror.start(two);
      await term.commit(batch(3, put("t", "c", "3")));
      await mirror.reaches(3);
      expect(mirror.rows).toEqual(["t/a=1", "t/b=2", "t/c=3"]);
    });

    test("a follower that has ended, or whose engine is closed, gets no more batches", async () => {
      const term = await campaign(one);
      const [ended, closed, other] = [new Mirror(two), new Mirror(two), await Mirror.start(one)];
      const end = ended.follow(0);
      closed.follow(0);
      await term.commit(batch(1));
      await Promise.all([ended.reaches(1), closed.reaches(1)]);
      end();
      await two.close();
      await term.commit(batch(2));
      await other.reaches(2);
      expect([ended.seen.length, closed.seen.length]).toEqual([1, 1]);
    });

    test("the newest position that any server returns covers every resolved commit", async () => {
      const term = await campaign(one);
      expect(await two.newest()).toBe(0);
      await term.commit(batch(1));
      await term.commit(batch(2));
      expect(await Promise.all([one.newest(), two.newest()])).toEqual([2, 2]);
      expect((await two.load()).position).toBe(2);
    });

    test("one server leads at a time; when it ends its term, the next server leads in a term with a higher number", async () => {
      const first = await campaign(one);
      let hasWon = false;
      const campaigning = campaign(two).then((term) => {
        hasWon = true;
        return term;
      });
      await first.commit(batch(1, put("t", "a", "1")));
      expect(hasWon).toBe(false);
      await first.close();
      const second = await campaigning;
      expect(second.number).toBeGreaterThan(first.number);
      expect(readable((await two.load()).rows)).toEqual(["t/a=1"]);
      await first.ended;
    });

    test("a server that campaigns becomes the leader when the leader's engine closes", async () => {
      await campaign(one);
      const campaigning = campaign(two);
      await one.close();
      await campaigning;
      expect(two.leader?.name).toBe("two");
    });

    test("each server learns which server leads, with its term, and when no server leads", async () => {
      const heard: (Leader | undefined)[] = [];
      const end = two.onLeader((leader) => void heard.push(leader));
      const first = await campaign(one);
      await within(soonMs, async () => expect(heard.at(-1)).toEqual({ name: "one", term: first.number }));
      expect(two.leader).toEqual({ name: "one", term: first.number });
      await first.close();
      await within(soonMs, async () => expect(heard.at(-1)).toBeUndefined());
      const second = await campaign(two);
      await within(soonMs, async () => expect(heard.at(-1)).toEqual({ name: "two", term: second.number }));
      end();
      const later = heard.length;
      await second.close();
      await within(soonMs, async () => expect(two.leader).toBeUndefined());
      expect(heard.length).toBe(later);
    });

    test("a leader that was deposed cannot commit, and learns that its term is over", async () => {
      const first = await campaign(one);
      await first.commit(batch(1));
      expect(first.confirmedMs()).toBeLessThan(Infinity);
      await two.depose(first.number);
      const second = await campaign(two);
      expect(await rejectionOf(first.commit(batch(2)))).toMatchObject({ code: "leadership-lost" });
      await first.ended;
      expect(first.confirmedMs()).toBe(Infinity);
      await second.commit(batch(2));
      expect((await one.load()).position).toBe(2);
    });

    test("a request to end an earlier term does not end the present term", async () => {
      const first = await campaign(one);
      await first.close();
      const second = await campaign(two);
      await one.depose(first.number);
      await second.commit(batch(1));
      expect(await one.newest()).toBe(1);
    });

    test("a commit through an ended term rejects without effect, and the later term's batches remain", async () => {
      const first = await campaign(one);
      await first.commit(batch(1, put("t", "a", "1")));
      await place.expire();
      const second = await campaign(two);
      await second.commit(batch(2, put("t", "a", "2")));
      const refused = await rejectionOf(first.commit(batch(2, put("t", "a", "stale"), put("t", "b", "stale"))));
      expect(refused).toMatchObject({ kind: "unavailable", code: "leadership-lost" });
      await first.ended;
      const { rows, position, revision } = await two.load();
      expect([readable(rows), position, revision]).toEqual([["t/a=2"], 2, 2]);
    });

    test("a commit through an ended term rejects even if the same server leads in the next term", async () => {
      const first = await campaign(one);
      await place.expire();
      const second = await campaign(one);
      expect(await rejectionOf(first.commit(batch(1)))).toMatchObject({ code: "leadership-lost" });
      await second.commit(batch(1));
      expect(await one.newest()).toBe(1);
    });

    test("a campaign to lead rejects when the server withdraws it, and the server does not lead later", async () => {
      const first = await campaign(one);
      const withdrawal = new AbortController();
      const campaigning = rejectionOf(two.campaign(withdrawal.signal));
      withdrawal.abort(new Error("withdrawn"));
      expect(await campaigning).toMatchObject({ message: "withdrawn" });
      await first.close();
      await campaign(one);
      expect(one.leader?.name).toBe("one");
    });

    test("a closed engine refuses to load and to campaign", async () => {
      await two.close();
      await two.close();
      for (const refused of [two.load(), two.newest(), two.depose(1), campaign(two)])
        expect(await rejectionOf(refused)).toMatchObject({ kind: "unavailable", code: "store-closed" });
    });

    test("after any commits, failovers and compactions, each follower's rows equal the rows that a server loads", async () => {
      const run = async (steps: readonly Step[]): Promise<void> => {
        const fresh = createPlace();
        const servers = [await fresh.open("one"), await fresh.open("two")] as const;
        const mirrors = await Promise.all(servers.map((server) => Mirror.start(server)));
        let [leading, position] = [0, 0];
        let term = await campaign(servers[0]);
        for (const step of steps) {
          if (step === "compact") await fresh.compact();
          else if (step === "fail over") {
            await fresh.expire();
            leading = 1 - leading;
            term = await campaign(leading === 0 ? servers[0] : servers[1]);
          } else await term.commit({ revision: ++position, changes: step });
        }
        await Promise.all(mirrors.map((mirror) => mirror.reaches(position)));
        const loaded = await servers[0].load();
        expect(loaded.position).toBe(position);
        for (const mirror of mirrors) expect(mirror.rows).toEqual(readable(loaded.rows));
        await Promise.all(servers.map((server) => server.close()));
        fresh.remove();
      };
      await fc.assert(fc.asyncProperty(steps, run), { numRuns: 25 });
    });
  });
}

const soonMs = 10_000;

type Step = "compact" | "fail over" | readonly RowChange[];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.array(change, { maxLength: 5 }) },
    { weight: 1, arbitrary: fc.constantFrom("compact" as const, "fail over" as const) },
  ),
);

function campaign(server: ReplicatedEngine): Promise<Term> {
  return server.campaign(new AbortController().signal);
}

/** Opens a server, makes it the leader, and returns its term as an engine. Closing the engine closes the server too. */
async function openTerm(place: ClusterPlace) {
  const server = await place.open("one");
  const term = await campaign(server);
  const { rows, revision } = await server.load();
  const engine = {
    commit: (next: Batch) => term.commit(next),
    ping: () => term.ping(),
    async close() {
      await term.close();
      await server.close();
    },
  };
  return { engine, rows, revision };
}

/** A copy of a cluster's rows, which a follower keeps up to date with the batches that a server receives. */
export class Mirror {
  /** The position and revision of each batch that the server received. */
  readonly seen: [Position, number][] = [];
  /** How many times the server loaded the rows. */
  loads = 0;
  readonly #server: ReplicatedEngine;
  readonly #rows = new Map<string, Row>();
  #position: Position = 0;
  readonly #waiting: { readonly position: Position; readonly resolve: () => void }[] = [];

  constructor(server: ReplicatedEngine) {
    this.#server = server;
  }

  /** Loads the server's rows, and follows its batches from the loaded position. */
  static async start(server: ReplicatedEngine): Promise<Mirror> {
    const mirror = new Mirror(server);
    await mirror.#reload();
    return mirror;
  }

  follow(from: Position): () => void {
    return this.#server.follow(from, {
      batch: ({ revision, changes }, position) => {
        for (const { table, key, value } of changes) this.#set({ table, key }, value);
        this.seen.push([position, revision]);
        this.#moveTo(position);
      },
      reload: () => void this.#reload(),
    });
  }

  async reaches(position: Position): Promise<void> {
    if (this.#position >= position) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ position, resolve });
    await promise;
  }

  get rows(): string[] {
    const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
    const sorted = [...this.#rows.values()].toSorted((a, b) => byBytes(a.table, b.table) || byBytes(a.key, b.key));
    return readable(sorted);
  }

  async #reload(): Promise<void> {
    const { rows, position } = await this.#server.load();
    this.loads += 1;
    this.#rows.clear();
    for (const { table, key, value } of rows) this.#set({ table, key }, value);
    this.#moveTo(position);
    this.follow(position);
  }

  #set({ table, key }: Pick<Row, "table" | "key">, value: Uint8Array | undefined): void {
    const id = `${table}\0${key}`;
    if (value) this.#rows.set(id, { table, key, value });
    else this.#rows.delete(id);
  }

  #moveTo(position: Position): void {
    this.#position = position;
    for (const each of this.#waiting) if (each.position <= position) each.resolve();
  }
}
