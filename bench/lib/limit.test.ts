import { expect, test } from "bun:test";
import { judgeLimit, type Limit } from "./limit.ts";

const limit: Limit = {
  ...{ name: "limit", title: "limit", of: "what it is built on", against: "the limit", unit: "unit", shareMin: 0.7 },
  measure: () => Promise.reject(new Error("not measured here")),
};

test("a benchmark row passes when Praetor's rate is at least the required share of the bare runtime's or SQLite's rate", () => {
  expect(judgeLimit(limit, { praetor: 70, limit: 100 })).toMatchObject({ share: 0.7, isReached: true });
  expect(judgeLimit(limit, { praetor: 69, limit: 100 })).toMatchObject({ share: 0.69, isReached: false });
});
