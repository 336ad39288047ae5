import { expect, test } from "bun:test";
import { Contender } from "./contender.ts";
import { measuredOnce } from "./measured-once.ts";

test("measuredOnce measures each program once, and returns the first result to later calls", async () => {
  let times = 0;
  const measure = measuredOnce(() => Promise.resolve((times += 1)));
  const options = { binary: "none", folder: "none" };
  const [one, other] = [new Contender("one", options), new Contender("other", options)];
  expect([await measure(one), await measure(one), await measure(other)]).toEqual([1, 1, 2]);
});
