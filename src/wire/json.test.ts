import { expect, test } from "bun:test";
import fc from "fast-check";
import { OperatingError } from "../lib/errors.ts";
import { renderGoJson } from "./go-json.ts";
import { parseJson } from "./json.ts";

const parseText = (text: string): unknown => parseJson(new TextEncoder().encode(text));

test("every JSON value parses to what JSON.parse returns", () => {
  const value = fc.jsonValue({ stringUnit: "binary" }).filter((json) => !JSON.stringify(json).includes("__proto__"));
  fc.assert(
    fc.property(value, fc.constantFrom("", "  ", "\t"), (json, indent) => {
      const text = JSON.stringify(json, null, indent);
      expect(JSON.stringify(parseText(text), bigintAsNumber)).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("any text either parses as JSON or throws a decode error", () => {
  const fragments = fc.array(
    fc.constantFrom('{"a":', "[", "]", "}", ",", '"', "\\u12", "1e", "-", "tru", " ", "\u0000"),
  );
  const text = fc.oneof(
    fc.string(),
    fragments.map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (any) => {
      try {
        parseText(any);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(OperatingError);
        expect(String(thrown)).toContain("Request decode failed: ");
      }
    }),
  );
});

test("parsing JSON keeps every digit of 64-bit integers", () => {
  expect(parseText("[18446744073709551615, -9007199254740993, 80]")).toEqual([
    18446744073709551615n,
    -9007199254740993n,
    80,
  ]);
});

test("JSON that is nested too deeply is refused before the call stack overflows", () => {
  expect(() => parseText("[".repeat(100_000))).toThrow("exceeded max depth");
});

test("a JSON key like __proto__ cannot reach an object's prototype", () => {
  expect(() => parseText('{"__proto__":{"polluted":true}}')).toThrow("__proto__");
  const parsed = parseText('{"constructor":1}');
  expect(Object.getPrototypeOf(parsed)).toBeNull();
});

test("JSON rendered by renderGoJson parses to the rendered value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.boolean(), (json, pretty) => {
      expect(JSON.parse(renderGoJson(json, { pretty }))).toEqual(JSON.parse(JSON.stringify(json)));
    }),
  );
});

function bigintAsNumber(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}
