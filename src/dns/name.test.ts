import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { endsWith, nameBytes, nameText, parseName, nameIn } from "./name.ts";

describe("parseName", () => {
  test.each([
    ["web.service.consul", ["web", "service", "consul"]],
    ["web.", ["web"]],
    [".", []],
    ["", []],
    ["with space!.consul", ["with space!", "consul"]],
    ["é", ["Ã©"]],
  ])("parses %p to the labels %j", (text, labels) => expect(parseName(text)).toEqual(labels));

  test.each(["a..b", ".a", "..", "x".repeat(64), "é".repeat(32), "a.".repeat(127) + "ab"])("refuses %p", (text) =>
    expect(parseName(text)).toBeUndefined(),
  );

  test("accepts a name of 255 octets", () => {
    const longest = "a.".repeat(126) + "a";
    expect(nameBytes(parseName(longest) ?? [])).toBe(255);
  });

  test("is the inverse of nameText, except that nameText returns lower case", () => {
    const label = fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }).filter((text) => !text.includes("."));
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
        const text = labels.join(".");
        expect(nameText(parseName(text) ?? [])).toBe(text.toLowerCase());
      }),
    );
  });
});

test("endsWith ignores letter case, and compares whole labels", () => {
  expect(endsWith(["web", "CONSUL"], ["consul"])).toBe(true);
  expect(endsWith(["consul"], ["consul"])).toBe(true);
  expect(endsWith(["xconsul"], ["consul"])).toBe(false);
  expect(endsWith(["consul"], ["a", "consul"])).toBe(false);
  expect(endsWith(["anything"], [])).toBe(true);
});

test("nameIn returns undefined for a name that has an empty label or, together with its domain, is too long", () => {
  expect(nameIn(["consul"], "n1.node.dc1")).toEqual(["n1", "node", "dc1", "consul"]);
  expect(nameIn(["consul"], "a.".repeat(122) + "a")).toBeDefined();
  expect(nameIn(["consul"], "a.".repeat(123) + "a")).toBeUndefined();
  expect(nameIn(["consul"], "a..b")).toBeUndefined();
});
