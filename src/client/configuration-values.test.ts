import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { patienceMs } from "../../test/support/patience.ts";
import { flattenConfiguration, overlayConfiguration } from "./configuration-values.ts";

describe("flattenConfiguration", () => {
  test("gives each scalar its own key and keeps it as text", () => {
    const pairs = flattenConfiguration({
      Service: { Port: 48080, Ratio: 1.4, Offset: -7, Enabled: true, Name: "x", Nothing: null },
      List: ["a", "b"],
      Table: [{ A: 1 }],
    });
    expect(pairs).toEqual([
      ["Service/Port", "48080"],
      ["Service/Ratio", "1.4"],
      ["Service/Offset", "-7"],
      ["Service/Enabled", "true"],
      ["Service/Name", "x"],
      ["Service/Nothing", ""],
      ["List/0", "a"],
      ["List/1", "b"],
      ["Table/0/A", "1"],
    ]);
  });

  test("writes numbers without an exponent, for Go's parsers", () => {
    const numbers = [1e21, 1.25e22, 1e-7, -1.5e-7, 123456789012345680000, 0.1];
    expect(flattenConfiguration(numbers).map(([, text]) => text)).toEqual([
      "1000000000000000000000",
      "12500000000000000000000",
      "0.0000001",
      "-0.00000015",
      "123456789012345680000",
      "0.1",
    ]);
  });

  test("stores a date as in JSON, a big integer with all its digits, and nothing for undefined", () => {
    const at = new Date(Date.UTC(2026, 0, 2));
    expect(flattenConfiguration({ at, big: 2n ** 63n, nothing: undefined })).toEqual([
      ["at", "2026-01-02T00:00:00.000Z"],
      ["big", "9223372036854775808"],
    ]);
  });

  test.each([
    [Number.NaN, "NaN"],
    [-Infinity, "-Infinity"],
    [Symbol("x"), "a symbol"],
    [() => 1, "a function"],
  ])("refuses the value %p with an error that names its path", (value, what) => {
    expect(() => flattenConfiguration({ Service: { Port: value } })).toThrow(`'Service.Port' is ${what}:`);
  });
});

describe("overlayConfiguration", () => {
  const defaults = {
    Writable: { LogLevel: "INFO", Persist: true },
    Service: { Port: 1, Host: "localhost" },
    Tags: ["x"],
  };

  test("parses a stored text by the type of its default", () => {
    const read = overlayConfiguration(defaults, [
      ["Service/Port", "48080"],
      ["Service/Host", "48080"],
      ["Writable/Persist", "0"],
      ["Tags/0", "a"],
      ["Tags/1", "b"],
    ]);
    expect(read).toEqual({
      Writable: { LogLevel: "INFO", Persist: false },
      Service: { Port: 48080, Host: "48080" },
      Tags: ["a", "b"],
    });
  });

  test("matches names in any letter case, and prefers the exact one", () => {
    const pairs = [
      ["writable/LOGLEVEL", "WARN"],
      ["Service/HOST", "other"],
      ["Service/Host", "exact"],
    ] as const;
    const read = overlayConfiguration(defaults, pairs);
    expect(read.Writable.LogLevel).toBe("WARN");
    expect(read.Service.Host).toBe("exact");
  });

  test("ignores unknown keys and folder markers, uses the defaults of missing keys, and does not modify its argument", () => {
    const before = structuredClone(defaults);
    const read = overlayConfiguration(defaults, [
      ["Unknown/Key", "1"],
      ["Writable/", ""],
    ]);
    expect(read).toEqual(before);
    read.Service.Port = 2;
    expect(defaults).toEqual(before);
  });

  test("adds every stored key below an object that is empty in the defaults, although the defaults do not name it", () => {
    const read = overlayConfiguration({ Clients: {} }, [["Clients/CoreData/Port", "48080"]]);
    expect(read).toEqual({ Clients: { CoreData: { Port: "48080" } } });
  });

  test("quickly refuses a text of a hundred thousand digits that is no number", () => {
    const startMs = performance.now();
    expect(() => overlayConfiguration({ a: 1 }, [["a", `${"1".repeat(100_000)}x`]])).toThrow("cannot parse 'a'");
    expect(performance.now() - startMs).toBeLessThan(patienceMs(1_000));
  });

  test("throws an error that names every text that cannot be parsed", () => {
    const pairs = [
      ["Service/Port", "many"],
      ["Writable/Persist", "maybe"],
    ] as const;
    expect(() => overlayConfiguration(defaults, pairs)).toThrow(
      "2 error(s) decoding:\n\n* cannot parse 'Writable.Persist' as bool: \"maybe\"\n* cannot parse 'Service.Port' as number: \"many\"",
    );
  });

  test("refuses a key that is both a value and a folder", () => {
    const pairs = [
      ["Service", "x"],
      ["Service/Port", "1"],
    ] as const;
    expect(() => overlayConfiguration(defaults, pairs)).toThrow("child is both a data item and dir: Service/Port");
    expect(() => overlayConfiguration(defaults, pairs.toReversed())).toThrow(/child is both a data item and dir/);
  });

  test("is the inverse of flattenConfiguration", () => {
    const scalar = fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    const { tree } = fc.letrec<{ tree: Record<string, unknown>; node: unknown }>((tie) => ({
      tree: fc.dictionary(name, tie("node"), { minKeys: 1, maxKeys: 4, noNullPrototype: true }),
      node: fc.oneof({ maxDepth: 3 }, scalar, tie("tree"), fc.array(fc.string(), { maxLength: 12 })),
    }));
    fc.assert(
      fc.property(tree, (configuration) => {
        expect(overlayConfiguration(configuration, flattenConfiguration(configuration))).toEqual(
          JSON.parse(JSON.stringify(configuration)), // -0 is stored as 0
        );
      }),
    );
  });
});
