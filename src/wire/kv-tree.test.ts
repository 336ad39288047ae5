import { describe, expect, test } from "bun:test";
import { decodeKvTree, type KvTreeEntry, renderKvTree } from "./kv-tree.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("a file of kv export", () => {
  test("preserves every byte of a value and every bit of its flags", () => {
    const entries: readonly KvTreeEntry[] = [
      { key: 'a/<b> & "c"', flags: 2n ** 64n - 1n, value: Uint8Array.from([0, 255, 10]) },
      { key: "ü\u2028", flags: 0n, value: new Uint8Array() },
    ];
    expect(decodeKvTree(encode(renderKvTree(entries)))).toEqual(entries);
    expect(decodeKvTree(encode(renderKvTree([])))).toEqual([]);
  });

  test("is the same, byte for byte, as Consul writes it", () => {
    const text = renderKvTree([{ key: "<a>", flags: 7n, value: encode("x") }]);
    expect(text).toBe('[\n\t{\n\t\t"key": "\\u003ca\\u003e",\n\t\t"flags": 7,\n\t\t"value": "eA=="\n\t}\n]');
  });

  test.each([
    ["{}", "expected a list of keys"],
    ["[] []", "invalid character '[' after top-level value"],
    ["[1]", "cannot unmarshal number"],
    ['[{"key":"a","flags":-1}]', "cannot unmarshal number -1 into Go struct field Entry.flags of type uint64"],
    ['[{"key":"a","namespace":"team"}]', "the key a is in the namespace team"],
    ['[{"key":"a","value":"*"}]', "base 64 decoding value for key a: illegal base64 data at input byte 0"],
  ])("that contains %s is refused with the reason", (text, reason) => {
    expect(() => decodeKvTree(encode(text))).toThrow(reason);
  });
});
