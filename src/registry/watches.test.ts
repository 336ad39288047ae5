import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { topics, type Topic } from "../state/topics.ts";
import { Watches } from "./watches.ts";

describe("a watcher", () => {
  test("is called once, however many of its topics are touched, and is then removed", () => {
    const watches = new Watches();
    let calls = 0;
    watches.wait(["a", "b"], () => (calls += 1));
    watches.wake(["a", "b"]);
    watches.wake(["a", "b"]);
    expect(calls).toBe(1);
  });

  test("that one topic has woken can still be removed from its other topics", () => {
    const watches = new Watches();
    const forget = watches.wait(["a", "b"], () => forget());
    watches.wake(["a"]);
    expect(watches.size).toBe(0);
  });

  test("may wait again while it is being woken, and is not woken by the same write twice", () => {
    const watches = new Watches();
    let calls = 0;
    const again = (): void => {
      calls += 1;
      watches.wait(["a", "b"], again);
    };
    again();
    watches.wake(["a", "b"]);
    expect(calls).toBe(2);
    watches.wake(["b"]);
    expect(calls).toBe(3);
  });

  test("for a tree is woken by each key below it and by the tree's topic", () => {
    const watches = new Watches();
    const woken: string[] = [];
    for (const prefix of ["", "a/", "a/b", "b/"]) watches.wait([topics.tree(prefix)], () => woken.push(prefix));
    watches.wake([topics.key("a/bc")]);
    expect(woken.toSorted()).toEqual(["", "a/", "a/b"]);
    watches.wake([topics.tree("b/")]);
    expect(woken).toContain("b/");
    expect(watches.size).toBe(0);
  });

  test("of any kind of topic is woken by wakeAll", () => {
    const watches = new Watches();
    let calls = 0;
    for (const topic of ["a", topics.key("k"), topics.tree("t")]) watches.wait([topic], () => (calls += 1));
    watches.wakeAll();
    expect([calls, watches.size]).toEqual([3, 0]);
  });
});

test("after any sequence of waits, cancels and wakes, a touched topic wakes exactly the watchers that it concerns", () => {
  const key = fc.constantFrom("", "a", "a/", "a/b", "a/b/c", "ab", "\u{1F600}", "\u{1F600}x", "b");
  const topic = fc.oneof(key.map(topics.key), key.map(topics.tree), fc.constantFrom("nodes", "service/a"));
  const step = fc.oneof(
    fc.record({ do: fc.constant("wait" as const), topics: fc.array(topic, { minLength: 1, maxLength: 3 }) }),
    fc.record({ do: fc.constant("forget" as const), at: fc.nat(9) }),
    fc.record({ do: fc.constant("wake" as const), topics: fc.array(topic, { maxLength: 3 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const watches = new Watches();
      const waiting: { readonly id: number; readonly topics: readonly Topic[]; readonly forget: () => void }[] = [];
      let woken: number[] = [];
      steps.forEach((each, id) => {
        if (each.do === "wait") {
          const forget = watches.wait(each.topics, () => {
            woken.push(id);
            forget();
          });
          waiting.push({ id, topics: each.topics, forget });
        } else if (each.do === "forget") {
          waiting.splice(each.at, 1)[0]?.forget();
        } else {
          const expected = waiting.filter((waiter) => waiter.topics.some((of) => each.topics.some(concerns(of))));
          woken = [];
          watches.wake(each.topics);
          expect(woken.toSorted((a, b) => a - b)).toEqual(expected.map((waiter) => waiter.id));
          for (const waiter of expected) waiting.splice(waiting.indexOf(waiter), 1);
        }
      });
      expect(watches.size).toBe(new Set(waiting.flatMap((waiter) => waiter.topics)).size);
      for (const waiter of waiting) waiter.forget();
      expect(watches.size).toBe(0);
    }),
  );
});

/** Returns whether a touched topic must wake a watcher of `watched`: it is the same topic, or a key in the watched tree. */
function concerns(watched: Topic): (touched: Topic) => boolean {
  return (touched) =>
    watched === touched ||
    (watched.startsWith("kv*") && touched.startsWith("kv/") && touched.slice(3).startsWith(watched.slice(3)));
}
