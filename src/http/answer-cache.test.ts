import { describe, expect, test } from "bun:test";
import { topics } from "../state/topics.ts";
import { AnswerCache, type KeptAnswer } from "./answer-cache.ts";

function answer(body: string | null = "x"): KeptAnswer {
  return { status: 200, headers: new Headers(), body };
}

describe("a kept answer", () => {
  test("is found by its cache key until one of its topics is touched", () => {
    const cache = new AnswerCache();
    const [web, db] = [answer(), answer()];
    cache.put("/web", [topics.service("web"), topics.nodes], web);
    cache.put("/db", [topics.service("db")], db);
    expect([cache.get("/web"), cache.get("/db"), cache.get("/other")]).toEqual([web, db, undefined]);
    cache.touch([topics.nodes]);
    expect([cache.get("/web"), cache.get("/db")]).toEqual([undefined, db]);
  });

  test("to a recursive read of keys is dropped when any key below the prefix of the read changes", () => {
    const cache = new AnswerCache();
    cache.put("/tree", [topics.tree("a/")], answer());
    cache.touch([topics.key("b")]);
    expect(cache.size).toBe(1);
    cache.touch([topics.key("a/b")]);
    expect(cache.size).toBe(0);
  });

  test("that replaces an older one is not dropped when a topic of the older one is touched", () => {
    const cache = new AnswerCache();
    const newer = answer();
    cache.put("/x", [topics.service("a")], answer());
    cache.put("/x", [topics.service("b")], newer);
    cache.touch([topics.service("a")]);
    expect(cache.get("/x")).toBe(newer);
  });

  test("may be a 404", () => {
    const cache = new AnswerCache();
    cache.put("/x", [topics.key("x")], answer(null));
    expect(cache.get("/x")).toBeDefined();
  });
});

test("clear drops all kept answers", () => {
  const cache = new AnswerCache();
  for (const name of ["a", "b"]) cache.put(name, [topics.service(name), topics.nodes], answer());
  cache.clear();
  expect(cache.size).toBe(0);
});

describe("the cache of kept answers is bounded", () => {
  test("in the number of answers: beyond it, the oldest answer is dropped", () => {
    const cache = new AnswerCache();
    for (let at = 0; at < 2_001; at += 1) cache.put(`/${at}`, [topics.nodes], answer());
    expect([cache.size, cache.get("/0"), cache.get("/2000")?.status]).toEqual([2_000, undefined, 200]);
  });

  test("in bytes, also after many puts and drops", () => {
    const cache = new AnswerCache();
    const large = answer("x".repeat(1_000_000));
    for (let round = 0; round < 3; round += 1) {
      for (let at = 0; at < 6; at += 1) cache.put(`/${at}`, [topics.nodes], large);
      expect(cache.size).toBe(4);
      cache.touch([topics.nodes]);
      expect(cache.size).toBe(0);
    }
  });

  test("in the size of one answer: a larger one is not kept, and the others stay", () => {
    const cache = new AnswerCache();
    cache.put("/small", [topics.nodes], answer());
    cache.put("/large", [topics.nodes], answer("x".repeat(5_000_000)));
    expect([cache.get("/small")?.status, cache.get("/large")]).toEqual([200, undefined]);
  });
});

describe("an answer that is rendered over several turns", () => {
  test("is under way for all who ask for it until it is kept", async () => {
    const cache = new AnswerCache();
    const rendered = Promise.withResolvers<KeptAnswer>();
    const late = cache.putLate("/x", [topics.nodes], rendered.promise);
    expect([cache.underWay("/x"), cache.get("/x")]).toEqual([late, undefined]);
    const whole = answer();
    rendered.resolve(whole);
    expect(await late).toBe(whole);
    expect([cache.underWay("/x"), cache.get("/x")]).toEqual([undefined, whole]);
  });

  test("is not kept, and not given to others, once one of its topics is touched", async () => {
    const cache = new AnswerCache();
    const [older, newer] = [Promise.withResolvers<KeptAnswer>(), Promise.withResolvers<KeptAnswer>()];
    const first = cache.putLate("/x", [topics.nodes], older.promise);
    cache.touch([topics.nodes]);
    expect(cache.underWay("/x")).toBeUndefined();
    const second = cache.putLate("/x", [topics.nodes], newer.promise);
    older.resolve(answer("older"));
    await first;
    expect([cache.underWay("/x"), cache.get("/x")]).toEqual([second, undefined]);
    newer.resolve(answer("newer"));
    await second;
    expect(cache.get("/x")?.body).toBe("newer");
  });

  test("that fails is forgotten", async () => {
    const cache = new AnswerCache();
    const late = cache.putLate("/x", [topics.nodes], Promise.reject(new Error("bad filter")));
    expect(await late.catch(String)).toBe("Error: bad filter");
    expect([cache.underWay("/x"), cache.get("/x")]).toEqual([undefined, undefined]);
  });
});
