import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nodeAt } from "../../test/support/coordinates.ts";
import { nodeNamed } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import type { NodeCoordinate } from "../model/coordinate.ts";
import { Coordinates } from "./coordinates.ts";
import { Nearness } from "./nearness.ts";

/** Registers a node for each of these coordinates, and returns a Nearness that uses them. */
async function nearnessOf(...places: readonly NodeCoordinate[]): Promise<Nearness> {
  const { store, clock } = openTestStore();
  const log = createLog({ level: "warn", json: false, clock, sink: () => {} }, "coordinate");
  const coordinates = new Coordinates(store, { own: "own", areWanted: true, clock, log });
  for (const place of places) {
    await store.submit({ type: "register", node: nodeNamed(place.node), skipNodeUpdate: false, checks: [] });
    coordinates.update(place);
  }
  await clock.advance(5_000);
  return new Nearness(coordinates);
}

describe("rows sorted by distance from a node", () => {
  test("begin with the node itself and end with the nodes without coordinates, in their original order", async () => {
    const nearness = await nearnessOf(nodeAt("a", 3), nodeAt("b", 2), nodeAt("c", 1));
    const rows = ["x", "a", "b", "y", "C"].map((name) => ({ name }));
    const order = (from: string): string =>
      nearness
        .nearestFirst(rows, from)
        .map(({ name }) => name)
        .join(" ");
    expect(order("c")).toBe("C b a x y");
    expect(order("A")).toBe("a b C x y");
    expect(order("own")).toBe("C b a x y");
  });

  test("keep their original order if that node has no coordinates", async () => {
    const nearness = await nearnessOf(nodeAt("a", 3), nodeAt("b", 2));
    const rows = [{ name: "a" }, { name: "b" }];
    expect(nearness.nearestFirst(rows, "unknown")).toBe(rows);
  });

  test("may be checks, or instances with their nodes", async () => {
    const nearness = await nearnessOf(nodeAt("a", 3), nodeAt("b", 1));
    const checks = [
      { node: "a", name: "b" },
      { node: "b", name: "a" },
    ];
    expect(nearness.nearestFirst(checks, "own")).toEqual(checks.toReversed());
    const instances = [{ node: { name: "a" } }, { node: { name: "b" } }];
    expect(nearness.nearestFirst(instances, "own")).toEqual(instances.toReversed());
  });

  test("include every row, each at least as far away as the row before it", async () => {
    const at = (name: string): number => Number(name) % 5;
    const names = Array.from({ length: 20 }, (_, number) => String(number));
    const nearness = await nearnessOf(...names.map((name) => nodeAt(name, at(name))));
    fc.assert(
      fc.property(fc.shuffledSubarray(names), (some) => {
        const ordered = nearness
          .nearestFirst(
            some.map((name) => ({ name })),
            "own",
          )
          .map(({ name }) => name);
        expect(ordered).toEqual(some.toSorted((left, right) => at(left) - at(right)));
      }),
    );
  });
});
