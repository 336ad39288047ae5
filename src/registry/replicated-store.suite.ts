import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { promptly } from "../../test/support/promptly.ts";
import { anyCommand } from "../../test/support/random-commands.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";
import { keySet } from "../../test/support/state.ts";
import { linkLost, StoreCluster, type StorePlace } from "../../test/support/store-cluster.ts";
import { within } from "../../test/support/within.ts";
import { leadershipLost } from "../engine/replicated-engine.ts";
import type { Command, Outcome } from "../state/command.ts";
import { getKv } from "../state/kv.ts";
import { topics } from "../state/topics.ts";
import type { ReplicatedStore } from "./replicated-store.ts";

interface Started {
  readonly leader: ReplicatedStore;
  readonly followers: readonly ReplicatedStore[];
  /** The first of the followers. */
  readonly follower: ReplicatedStore;
}

const valueOf = (store: ReplicatedStore, key: string): string | undefined => {
  const entry = getKv(store.state, key);
  return entry && new TextDecoder().decode(entry.value);
};

/**
 * Defines the tests of ReplicatedStore on a replicated engine.
 * @param randomRuns the number of random sequences of commands
 */
export function describeReplicatedStore(
  name: string,
  { openPlace, randomRuns }: { readonly openPlace: () => StorePlace; readonly randomRuns: number },
): void {
  describe(`stores of several servers on ${name}:`, () => {
    let cluster: StoreCluster;
    beforeEach(() => {
      cluster = new StoreCluster(openPlace());
    });
    afterEach(() => cluster.close());

    /** Starts servers, and returns the one that leads and the others. */
    async function start(count: number): Promise<Started> {
      const stores = [];
      for (let n = 1; n <= count; n += 1) stores.push(await cluster.start(`s${n}`));
      const leader = await cluster.leader();
      const followers = stores.filter((store) => store !== leader);
      return {
        leader,
        followers,
        get follower() {
          return followers[0] ?? cluster.never();
        },
      };
    }

    describe("a write", () => {
      test("through the leader reaches every server, and its topics have the same index there", async () => {
        const { leader, followers } = await start(3);
        expect(await leader.submit(keySet("a", "1"))).toEqual({ type: "done" });
        expect(valueOf(leader, "a")).toBe("1");
        for (const follower of followers) {
          await within(1_000, async () => expect(valueOf(follower, "a")).toBe("1"));
          expect(follower.state).toEqual(leader.state);
          expect(follower.indexOf([topics.key("a")])).toBe(leader.indexOf([topics.key("a")]));
        }
      });

      test("through a follower has its outcome, and is in the follower's own state, when it resolves", async () => {
        const { leader, followers } = await start(3);
        for (const [n, follower] of followers.entries()) {
          expect(await follower.submit(keySet(`k${n}`, "1"))).toEqual({ type: "done" });
          expect(valueOf(follower, `k${n}`)).toBe("1");
          await leader.freshen("leader");
          expect(valueOf(leader, `k${n}`)).toBe("1");
          expect(await follower.submit({ type: "kv-delete", key: `k${n}`, cas: 1 })).toEqual({ type: "unchanged" });
        }
      });

      test("of a service leaves an operator's value on every server, and the outcome names the key", async () => {
        const { leader, follower } = await start(3);
        await leader.submit({ ...keySet("p/a", "1"), origin: "operator" } as Command);
        await follower.freshen("leader");
        for (const store of [leader, follower]) {
          const write = { ...keySet("p/a", "2"), origin: "service", sparing: ["p/"] } as Command;
          expect(await store.submit(write)).toEqual({ type: "done", spared: ["p/a"] });
          expect(getKv(store.state, "p/a")).toMatchObject({ value: Uint8Array.of(49), origin: "operator" });
        }
      });

      test("wakes the watches of its topics on every server once", async () => {
        const { leader, followers } = await start(3);
        const woken: string[] = [];
        for (const store of [leader, ...followers]) store.wait([topics.tree("a/")], () => woken.push("woken"));
        await leader.submit(keySet("b", "1"));
        await leader.submit(keySet("a/x", "1"));
        await leader.submit(keySet("a/y", "1"));
        await within(1_000, async () => expect(woken).toHaveLength(3));
      });

      test("that arrives while no server leads waits for a leader", async () => {
        const first = await cluster.start("s1", { campaigns: false });
        const write = first.submit(keySet("a", "1"));
        const second = await cluster.start("s2");
        expect(await write).toEqual({ type: "done" });
        await within(1_000, async () => expect(valueOf(second, "a")).toBe("1"));
      });

      test("that finds no leader in time is refused with no-leader, and was not done", async () => {
        const store = await cluster.start("s1", { campaigns: false, holdMs: 20 });
        const error = await rejectionOf(store.submit(keySet("a", "1")));
        expect(error).toMatchObject({ kind: "unavailable", code: "no-leader", message: "No cluster leader" });
        await cluster.start("s2");
        await cluster.leader();
        await within(1_000, () => store.submit(keySet("b", "1")));
        expect(valueOf(store, "a")).toBeUndefined();
      });

      describe("that a follower forwards is done once, and its caller gets its outcome, when", () => {
        // A second run of the check-and-set would have the outcome "unchanged".
        const once = keySet("once", "1", { cas: 0 });
        const expectOnce = async (write: Promise<Outcome> | undefined): Promise<void> => {
          expect(await write).toEqual({ type: "done" });
        };

        test("the answer is lost after the leader's commit", async () => {
          const { follower } = await start(3);
          cluster.loseAnswers(3);
          await expectOnce(follower.submit(once));
        });

        test("the link is lost before the leader's commit, so that the follower sends the write again", async () => {
          const { leader, follower } = await start(3);
          const again = Promise.withResolvers<void>();
          let messages = 0;
          cluster.carry = async (deliver) => {
            messages += 1;
            if (messages > 1) {
              again.resolve();
              return deliver();
            }
            cluster.holdCommits();
            void deliver();
            throw linkLost();
          };
          const write = follower.submit(keySet("once", "1"));
          await within(1_000, async () => expect(messages).toBe(1));
          const later = leader.submit(keySet("once", "2"));
          await again.promise;
          cluster.releaseCommits();
          await Promise.all([expectOnce(write), later]);
          await leader.submit(keySet("other", "1"));
          expect(valueOf(leader, "once")).toBe("2");
        });

        test("the leader refuses it after it has done a later one, because it did not lead yet when the first arrived", async () => {
          const { follower } = await start(3);
          const refused = Promise.withResolvers<never>();
          let messages = 0;
          cluster.carry = (deliver) => {
            messages += 1;
            return messages === 1 ? refused.promise : deliver();
          };
          const write = follower.submit(once);
          await within(1_000, async () => expect(messages).toBe(1));
          await follower.submit(keySet("later", "1"));
          refused.reject(leadershipLost());
          await expectOnce(write);
        });

        test("the leader's term ends after the commit and before the answer", async () => {
          const { follower } = await start(3);
          cluster.carry = async (deliver) => {
            await deliver();
            cluster.carry = (again) => again();
            void cluster.expire();
            throw linkLost();
          };
          await expectOnce(follower.submit(once));
        });

        test("the leader's term ends before the message arrives, and the follower gets no answer", async () => {
          const { follower } = await start(3);
          cluster.carry = () => {
            cluster.carry = (again) => again();
            queueMicrotask(() => void cluster.expire());
            return new Promise(() => {});
          };
          await expectOnce(follower.submit(once));
        });

        test("the follower sends it to the next leader before it has received the last leader's batch with the write", async () => {
          const follower = await cluster.start("follower", { campaigns: false });
          const first = await cluster.start("s1");
          await cluster.leader();
          const second = await cluster.start("s2");
          cluster.carry = async (deliver) => {
            await deliver();
            void cluster.expire();
            cluster.carry = async (again) => {
              await second.submit(keySet("once", "2"));
              return again();
            };
            throw linkLost();
          };
          cluster.hold("follower");
          const write = follower.submit(keySet("once", "1"));
          await within(1_000, async () => expect(valueOf(second, "once")).toBe("2"));
          cluster.release("follower");
          await expectOnce(write);
          await first.submit(keySet("other", "1"));
          await follower.freshen("consistent");
          expect(valueOf(follower, "once")).toBe("2");
        });
      });

      test("that is under way when the leader's term ends is done once", async () => {
        const { followers } = await start(3);
        for (let round = 0; round < 20; round += 1) {
          const writes = followers.map((store, n) =>
            Promise.all([1, 2, 3].map((k) => store.submit(keySet(`r${round}/${n}/${k}`, "1", { cas: 0 })))),
          );
          if (round % 2 === 0) await Promise.resolve();
          void cluster.expire();
          // If a write were done twice, its second check-and-set would have the outcome "unchanged".
          for (const outcomes of await Promise.all(writes))
            expect(outcomes).toEqual([{ type: "done" }, { type: "done" }, { type: "done" }]);
        }
      });

      test("that the state machine rejects has the same outcome through a follower as through the leader", async () => {
        const { leader, follower } = await start(2);
        const command = { type: "session-destroy", id: "not-there" } as const;
        const expected = await leader.submit(command);
        expect(await follower.submit(command)).toEqual(expected);
      });
    });

    describe("a read on a follower", () => {
      for (const consistency of ["leader", "consistent"] as const)
        test(`with ${consistency} consistency has every write that was acknowledged before it`, async () => {
          const { leader, followers } = await start(3);
          for (let n = 0; n < 20; n += 1) {
            await leader.submit(keySet("a", String(n)));
            for (const follower of followers) {
              await follower.freshen(consistency);
              expect(valueOf(follower, "a")).toBe(String(n));
            }
          }
        });

      test("that a silent leader does not answer is answered as soon as the leader's term is over", async () => {
        const { leader, follower } = await start(2);
        await leader.submit(keySet("a", "1"));
        const asked = Promise.withResolvers<void>();
        cluster.ask = () => {
          asked.resolve();
          return new Promise(() => {});
        };
        const read = Promise.resolve(follower.freshen("leader"));
        await asked.promise;
        void cluster.expire();
        await promptly(read);
        expect(valueOf(follower, "a")).toBe("1");
      });

      test("with stale consistency is answered without a leader", async () => {
        const store = await cluster.start("s1", { campaigns: false });
        expect(store.freshen("stale")).toBeUndefined();
      });

      test("with leader consistency is refused with no-leader when no server can confirm the state in time", async () => {
        const store = await cluster.start("s1", { campaigns: false, holdMs: 20 });
        cluster.failQuestions();
        expect(await rejectionOf(store.freshen("leader") ?? cluster.never())).toMatchObject({ code: "no-leader" });
      });

      test("shares one request to the leader with all reads that wait at the same time", async () => {
        const { follower } = await start(2);
        const before = cluster.questions;
        await Promise.all(Array.from({ length: 100 }, async () => follower.freshen("leader")));
        expect(cluster.questions - before).toBeLessThanOrEqual(2);
      });
    });

    describe("a server that starts", () => {
      test("after others have committed gets their state", async () => {
        const { leader } = await start(1);
        await leader.submit(keySet("a", "1"));
        const late = await cluster.start("late");
        await late.freshen("leader");
        expect(late.state).toEqual(leader.state);
      });

      test("loads the state again when the batches that it lacks were compacted away, and wakes its watches", async () => {
        const { leader } = await start(1);
        const slow = await cluster.start("slow", { campaigns: false, follows: false });
        let woken = 0;
        slow.wait([topics.key("a")], () => (woken += 1));
        await leader.submit(keySet("a", "1"));
        await cluster.compact();
        cluster.followNow("slow");
        await within(1_000, async () => expect(valueOf(slow, "a")).toBe("1"));
        expect(woken).toBe(1);
        await leader.submit(keySet("a", "2"));
        await within(1_000, async () => expect(valueOf(slow, "a")).toBe("2"));
      });
    });

    test("when a leader's term ends, the server stops leading and calls its role callbacks, and another server leads", async () => {
      const { leader, followers } = await start(3);
      const heard: boolean[] = [];
      leader.onRole(() => heard.push(leader.leads));
      void cluster.expire();
      await within(1_000, async () => expect(followers.some(({ leads }) => leads)).toBe(true));
      expect(leader.leads).toBe(false);
      expect(heard).toEqual([false]);
    });

    test("a leader that closes does not lead again, and another server leads", async () => {
      const { leader, follower } = await start(2);
      await leader.close();
      await within(1_000, async () => expect(follower.leads).toBe(true));
      await cluster.expire();
      await follower.submit(keySet("a", "1"));
      expect([leader.leads, leader.closed]).toEqual([false, true]);
    });

    test("a leader that resigns lets its followers' writes, and its own, go to the next leader, and still answers", async () => {
      const { leader, followers } = await start(3);
      cluster.holdCommits();
      const underWay = leader.submit(keySet("a", "1"));
      await settle();
      const resigning = leader.resign();
      const later = [leader, ...followers].map((store, n) => store.submit(keySet(`later${n}`, "1", { cas: 0 })));
      await settle();
      cluster.releaseCommits();
      await resigning;
      expect(leader.leads).toBe(false);
      const done = { type: "done" } as const;
      expect(await Promise.all([underWay, ...later])).toEqual([done, done, done, done]);
      await within(1_000, async () => expect(followers.some(({ leads }) => leads)).toBe(true));
      expect(valueOf(leader, "later2")).toBe("1");
    });

    test("a leader whose commit has no answer closes when its term is over", async () => {
      const { leader } = await start(2);
      cluster.holdCommits();
      const unanswered = leader.submit(keySet("a", "1")).catch(() => {});
      await settle();
      const closing = leader.close();
      await cluster.expire();
      await promptly(closing);
      cluster.releaseCommits();
      await unanswered;
    });

    test("random commands through random servers, with lost answers and ended terms, leave all servers with the same state", async () => {
      const step = fc.record({ server: fc.nat(2), command: anyCommand, event: fc.nat(9) });
      const run = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const trial = new StoreCluster(openPlace());
        const stores = [await trial.start("s1"), await trial.start("s2"), await trial.start("s3")];
        try {
          await trial.leader();
          const writes = steps.map(async ({ server, command, event }) => {
            if (event === 0) void trial.expire();
            if (event === 1) trial.loseAnswers(1);
            const store = stores[server] ?? trial.never();
            const indexBefore = store.state.index;
            await store.submit(command);
            expect(store.state.index).toBeGreaterThanOrEqual(indexBefore);
          });
          await Promise.all(writes);
          for (const store of stores) await store.freshen("consistent");
          expect(stores[1]?.state).toEqual(stores[0]?.state ?? trial.never());
          expect(stores[2]?.state).toEqual(stores[0]?.state ?? trial.never());
        } finally {
          await trial.close();
        }
      });
      await fc.assert(run, { numRuns: randomRuns });
    });
  });
}
