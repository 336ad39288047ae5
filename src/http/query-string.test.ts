import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { QueryString } from "./query-string.ts";

describe("a query string", () => {
  test.each(["keys", "keys=", "keys=false", "a&keys", "a;keys", "%6beys"])(
    "has the flag `keys` if its text is %s",
    (text) => {
      expect(new QueryString(text).has("keys")).toBe(true);
    },
  );

  test("returns the first value of a parameter, and all its values in order", () => {
    const query = new QueryString("tag=a&x=1&tag=b&tag=");
    expect([query.get("tag"), query.all("tag"), query.get("y"), query.all("y")]).toEqual([
      "a",
      ["a", "b", ""],
      undefined,
      [],
    ]);
  });

  test.each([
    ["a+b", "a b"],
    ["a%2Bb%20c", "a+b c"],
    ["a=b", "a=b"],
    ["%C3%A9", "é"],
    ["100%", "100%"],
    ["%zz+", "%zz "],
  ])("decodes the value %s to %s", (encoded, value) => {
    expect(new QueryString(`v=${encoded}`).get("v")).toBe(value);
  });

  test("may have parameters named like the properties of every JavaScript object", () => {
    expect(new QueryString("").has("constructor")).toBe(false);
    expect(new QueryString("__proto__=1").get("__proto__")).toBe("1");
  });

  test.each(["", "&", ";&;"])("without a pair is empty: %p", (text) => {
    expect(new QueryString(text).hasAny).toBe(false);
  });

  test("can be formatted without the parameters of given names", () => {
    const query = new QueryString("wait=1s&b=2&index=1&a=x+y&b=1");
    expect([query.without("index", "wait"), query.toString()]).toEqual([
      "a=x%20y&b=2&b=1",
      "a=x%20y&b=2&b=1&index=1&wait=1s",
    ]);
  });
});

test("a query string that is parsed from the result of toString has the same pairs", () => {
  const pairs = fc.array(fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), fc.string({ unit: "grapheme" })));
  fc.assert(
    fc.property(pairs, (all) => {
      const text = all.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
      const query = new QueryString(text);
      for (const [name] of all) {
        const values = all.filter(([other]) => other === name).map(([, value]) => value);
        expect(query.all(name)).toEqual(values);
        expect(new QueryString(query.toString()).all(name)).toEqual(values);
      }
    }),
  );
});

test("a query string is parsed from any text without an exception", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("%", "&", "=", ";", "+", "a", "F", "\u{1F600}") }), (text) => {
      const query = new QueryString(text);
      expect(new QueryString(query.toString()).toString()).toBe(query.toString());
    }),
  );
});
