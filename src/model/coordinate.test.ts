import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { nodeAt } from "../../test/support/coordinates.ts";
import { coordinateDimensions, distance, nodeDistance, startingCoordinate, type Coordinate } from "./coordinate.ts";

const seconds = fc.double({ min: -10, max: 10, noNaN: true });
const place: fc.Arbitrary<Coordinate> = fc.record({
  vector: fc.array(seconds, { minLength: coordinateDimensions, maxLength: coordinateDimensions }),
  error: fc.double({ min: 0, max: 1.5, noNaN: true }),
  adjustment: seconds,
  height: fc.double({ min: 0.00001, max: 1, noNaN: true }),
});

describe("the distance between two coordinates", () => {
  test("is their Euclidean distance plus both heights", () => {
    const [a, b] = [nodeAt("a", 1).coordinate, nodeAt("b", 4).coordinate];
    expect(distance(a, b)).toBe(3);
    expect(distance({ ...a, height: 0.5 }, { ...b, height: 0.25 })).toBe(3.75);
  });

  test("includes both adjustments, unless the sum would be zero or negative", () => {
    const [a, b] = [nodeAt("a", 1).coordinate, nodeAt("b", 4).coordinate];
    expect(distance({ ...a, adjustment: -1 }, { ...b, adjustment: 0.5 })).toBe(2.5);
    expect(distance({ ...a, adjustment: -2 }, { ...b, adjustment: -1 })).toBe(3);
  });

  test("is positive, finite and the same in both directions", () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        expect(distance(a, b)).toBeGreaterThan(0);
        expect(distance(a, b)).toBeLessThan(Infinity);
        expect(distance(a, b)).toBeCloseTo(distance(b, a), 9);
      }),
    );
  });

  test("obeys the triangle inequality if no coordinate has an adjustment", () => {
    const plain = place.map((any) => ({ ...any, adjustment: 0 }));
    fc.assert(
      fc.property(plain, plain, plain, (a, b, c) => {
        expect(distance(a, b)).toBeLessThanOrEqual(distance(a, c) + distance(c, b) + 1e-9);
      }),
    );
  });

  test("is twice the starting height for two nodes that have measured no round-trip time", () => {
    expect(distance(startingCoordinate, startingCoordinate)).toBe(0.00002);
  });
});

describe("the distance between two nodes", () => {
  test.each([
    ["is that in the segment without a name", [nodeAt("a", 1)], [nodeAt("b", 3)], 2],
    ["is that in the one segment of either", [nodeAt("a", 1), nodeAt("a", 5, "x")], [nodeAt("b", 7, "x")], 2],
    ["is not known where the one segment of each is another", [nodeAt("a", 1)], [nodeAt("b", 3, "x")], Infinity],
    ["is not known where one has no place", [nodeAt("a", 1)], [], Infinity],
  ])("is that in a common segment, or infinite without one: it %s", (_name, from, to, expected) => {
    expect(nodeDistance(from, to)).toBe(expected);
    expect(nodeDistance(to, from)).toBe(expected);
  });
});
