import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { endsWith, nameBytes, nameText, parseName, within } from "./name.ts";

describe("a text is a name", () => {
  test.each([
    ["web.service.consul", ["web", "service", "consul"]],
    ["web.", ["web"]],
    [".", []],
    ["", []],
    ["with space!.consul", ["with space!", "consul"]],
    ["é", ["Ã©"]],
  ])("%p", (text, labels) => expect(parseName(text)).toEqual(labels));

  test.each(["a..b", ".a", "..", "x".repeat(64), "é".repeat(32), "a.".repeat(127) + "ab"])("%p is none", (text) =>
    expect(parseName(text)).toBeUndefined(),
  );

  test("of at most 255 octets", () => {
    const longest = "a.".repeat(126) + "a";
    expect(nameBytes(parseName(longest) ?? [])).toBe(255);
  });

  test("and comes back in lower case", () => {
    const label = fc.string({ unit: "grapheme", minLength: 1, maxLength: 10 }).filter((text) => !text.includes("."));
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 4 }), (labels) => {
        const text = labels.join(".");
        expect(nameText(parseName(text) ?? [])).toBe(text.toLowerCase());
      }),
    );
  });
});

test("a name ends in a domain without regard to letter case, and only at a dot", () => {
  expect(endsWith(["web", "CONSUL"], ["consul"])).toBe(true);
  expect(endsWith(["consul"], ["consul"])).toBe(true);
  expect(endsWith(["xconsul"], ["consul"])).toBe(false);
  expect(endsWith(["consul"], ["a", "consul"])).toBe(false);
  expect(endsWith(["anything"], [])).toBe(true);
});

test("what does not fit below a domain has no name there", () => {
  expect(within(["consul"], "n1.node.dc1")).toEqual(["n1", "node", "dc1", "consul"]);
  expect(within(["consul"], "a.".repeat(122) + "a")).toBeDefined();
  expect(within(["consul"], "a.".repeat(123) + "a")).toBeUndefined();
  expect(within(["consul"], "a..b")).toBeUndefined();
});
