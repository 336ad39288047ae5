import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  base64Of,
  byteLengthOf,
  bytesOf,
  firstPartOf,
  formatOf,
  fromField,
  hexOf,
  lineEndsOf,
  previewOf,
  shownBytesMax,
  textOf,
  toField,
} from "./value.ts";

test("bytes become base64 and come back, and their number is known without", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20_000 }), (bytes) => {
      const pair = { Value: base64Of(bytes) };
      expect(bytesOf(pair)).toEqual(Uint8Array.from(bytes));
      expect(byteLengthOf(pair)).toBe(bytes.length);
    }),
    { numRuns: 50 },
  );
  expect(byteLengthOf({ Value: null })).toBe(0);
});

describe("bytes", () => {
  test("are text only if they are UTF-8 without NUL; a byte order mark stays", () => {
    expect(textOf(new TextEncoder().encode("\uFEFFgrün"))).toBe("\uFEFFgrün");
    expect(textOf(new Uint8Array([0xff]))).toBeUndefined();
    expect(textOf(new Uint8Array([65, 0]))).toBeUndefined();
  });

  test("are cut between two characters", () => {
    for (const lead of [0, 1, 2, 3]) {
      const bytes = new TextEncoder().encode("a".repeat(lead) + "😀".repeat(shownBytesMax / 4 + 2));
      const part = firstPartOf(bytes);
      expect(textOf(part)).toBeDefined();
      expect(part.length).toBeGreaterThan(shownBytesMax - 4);
      expect(part.length).toBeLessThanOrEqual(shownBytesMax);
    }
  });

  test("are shown sixteen a line", () => {
    const [first, second] = hexOf(Uint8Array.from({ length: 17 }, (_, at) => 0x41 + at)).split("\n");
    expect(first).toBe("00000000  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP");
    expect(second).toMatch(/^00000010 {2}51 +Q$/);
  });
});

test("a preview is one line of at most 80 characters, and says binary for what is no text", () => {
  expect(previewOf({ Value: base64Of(new TextEncoder().encode("a\n\tb")) })).toBe("a b");
  expect(previewOf({ Value: base64Of(new TextEncoder().encode("😀".repeat(500))) })).toBe("😀".repeat(80));
  expect(previewOf({ Value: base64Of(new Uint8Array([0, 255, 1, 2, 3, 4, 5])) })).toBe("binary");
  expect(previewOf({ Value: base64Of(new Uint8Array([255])) })).toBe("binary");
  expect(previewOf({ Value: null })).toBe("");
});

test("line ends outlive the field of a browser", () => {
  expect(lineEndsOf("a\r\nb\r\n")).toBe("crlf");
  expect(lineEndsOf("a\r\nb\n")).toBe("mixed");
  expect(lineEndsOf("a\rb")).toBe("mixed");
  expect(lineEndsOf("a\nb")).toBe("lf");
  for (const text of ["a\r\nb\r\n", "a\nb"]) expect(fromField(toField(text), lineEndsOf(text))).toBe(text);
});

test.each([
  ["a.json", "", "json"],
  ["a.yml", "", "yaml"],
  ["a.toml", "", "toml"],
  ["a", '{"b": 1}', "json"],
  ["a", "[1, 2]", "json"],
  ["a", "[section]\nb = 1\n", "toml"],
  ["a", "b = true", "toml"],
  ["a", "b: 1\nc: 2", "yaml"],
  ["a", "INFO", "text"],
  ["a", "http://localhost:48080/api?a=b", "text"],
] as const)("%p with %p is %p", (key, text, format) => {
  expect(formatOf(key, text)).toBe(format);
});
