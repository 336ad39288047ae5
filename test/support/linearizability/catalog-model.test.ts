import { describe, expect, test } from "bun:test";
import { catalogModel, type InstanceInput, type InstanceOutput, type InstanceShown } from "./catalog-model.ts";
import { explainViolation } from "./explanation.ts";
import type { Operation } from "./operation.ts";

type Said = readonly [input: InstanceInput, output: InstanceOutput];

const register = (instance: string, revision: string): Said => [{ kind: "register", instance, revision }, "done"];
const deregister = (instance: string): Said => [{ kind: "deregister", instance }, "done"];
const read = (...rows: readonly InstanceShown[]): Said => [{ kind: "read", endpoint: "health/service" }, rows];
const row = (instance: string, revision: string, modifyIndex: number): InstanceShown => ({
  ...{ instance, revision, modifyIndex },
});

/** Runs the checker on operations that do not overlap; returns the violation, or undefined when the answers are correct. */
function explain(said: readonly Said[]): string | undefined {
  const operations = said.map(([input, output], at): Operation<InstanceInput, InstanceOutput> => {
    return { client: 0, input, output, called: at, returned: at + 0.5 };
  });
  return explainViolation(catalogModel, operations)?.text;
}

test("the checker explains reads of instances that appear, change and disappear", () => {
  const said = [
    ...[read(), register("x", "1"), register("y", "2"), read(row("x", "1", 5), row("y", "2", 7))],
    ...[register("x", "3"), deregister("y"), read(row("x", "3", 8))],
  ];
  expect(explain(said)).toBeUndefined();
});

describe("the checker finds no order of catalog operations that explains", () => {
  test.each<[string, Said[]]>([
    ["a stale revision", [register("x", "1"), register("x", "2"), read(row("x", "1", 5))]],
    ["a lost registration", [register("x", "1"), read()]],
    ["an instance that outlives its deregistration", [register("x", "1"), deregister("x"), read(row("x", "1", 5))]],
    [
      "indexes that contradict the order of the writes",
      [register("x", "1"), register("y", "2"), read(row("x", "1", 7), row("y", "2", 5))],
    ],
    ["an index that changes without a write", [register("x", "1"), read(row("x", "1", 5)), read(row("x", "1", 6))]],
  ])("%s", (_, said) => {
    expect(explain(said)).toStartWith("no order");
  });
});
