import { expect, test } from "bun:test";
import { settle } from "../../test/support/settle.ts";
import { sideBySide } from "./side-by-side.ts";

test("sideBySide runs at most `lanes` tasks at a time, and returns the results in the order of the items", async () => {
  const tasks = Array.from({ length: 5 }, () => Promise.withResolvers<string>());
  const begun: number[] = [];
  const results = sideBySide([0, 1, 2, 3, 4], 2, (item) => {
    begun.push(item);
    return tasks[item]?.promise ?? Promise.reject(new Error("no task"));
  });
  expect(begun).toEqual([0, 1]);
  tasks[1]?.resolve("one");
  expect(await results[1]).toBe("one");
  await settle();
  expect(begun).toEqual([0, 1, 2]);
  tasks[2]?.reject(new Error("two"));
  expect(results[2]).rejects.toThrow("two");
  tasks[0]?.resolve("zero");
  tasks[3]?.resolve("three");
  tasks[4]?.resolve("four");
  expect(await Promise.all([results[0], results[3], results[4]])).toEqual(["zero", "three", "four"]);
});
