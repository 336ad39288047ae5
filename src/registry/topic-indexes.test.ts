import { expect, test } from "bun:test";
import fc from "fast-check";
import { names, randomSteps, takeSteps } from "../../test/support/random-commands.ts";
import { emptyState, topicIndex } from "../state/state.ts";
import { topics, type Topic } from "../state/topics.ts";
import { TopicIndexes } from "./topic-indexes.ts";

const watched: readonly Topic[] = [
  ...names.keys.map(topics.key),
  ...["", "a", "a/", "a/b/", "b", "c"].map(topics.tree),
  ...names.nodes.flatMap((node) => [topics.node(node), topics.nodeChecks(node)]),
  ...names.services.map(topics.service),
  ...names.sessions.map(topics.session),
  ...[topics.nodes, topics.services, topics.checks, topics.sessions, topics.checksInStatus("critical")],
];

test("the cached index of a topic equals its index in the state after any sequence of commits", () => {
  const sequence = fc.property(randomSteps, fc.infiniteStream(fc.boolean()), (steps, coins) => {
    const indexes = new TopicIndexes();
    for (const topic of watched) indexes.of(emptyState, topic);
    takeSteps(steps, ({ before, state, applied }) => {
      indexes.follow(before, state, applied.touched);
      // Reads each topic at random, so that some topics enter the cache only after several commits.
      for (const topic of watched)
        if (coins.next().value) expect([topic, indexes.of(state, topic)]).toEqual([topic, topicIndex(state, topic)]);
    });
  });
  fc.assert(sequence, { numRuns: 100 });
});

test("a write of a key below a tree does not make the cache traverse the tree again", () => {
  let reads = 0;
  const kv = new Proxy(emptyState.kv, {
    get(table, name) {
      if (name === "startingWith") reads += 1;
      const value: unknown = Reflect.get(table, name, table);
      return typeof value === "function" ? value.bind(table) : value;
    },
  });
  const state = { ...emptyState, kv };
  const indexes = new TopicIndexes();
  indexes.of(state, topics.tree("edgex/"));
  indexes.follow(state, state, new Set([topics.key("edgex/core/a")]));
  indexes.of(state, topics.tree("edgex/"));
  expect(reads).toBe(1);
});
