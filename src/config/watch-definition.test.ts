import { describe, expect, test } from "bun:test";
import { decodeWatchDefinition } from "./watch-definition.ts";

describe("a watch definition", () => {
  test("has a type, the fields of that type and a program to run", () => {
    expect(decodeWatchDefinition({ type: "key", key: "a", args: ["/bin/reload", "-x"] })).toEqual({
      type: "key",
      parameters: { key: "a" },
      handler: { kind: "script", words: ["/bin/reload", "-x"], shell: false },
    });
  });

  test("may have a shell command", () => {
    const { handler } = decodeWatchDefinition({ type: "nodes", handler_type: "script", handler: "cat >told" });
    expect(handler).toEqual({ kind: "script", words: ["cat >told"], shell: true });
  });

  test("may have a URL, also if its object is in a list, as the HCL parser returns blocks", () => {
    const http = { path: "http://127.0.0.1:1/x", header: [{ "X-A": ["1", "2"] }], timeout: "2s" };
    const { handler } = decodeWatchDefinition({ type: "nodes", handler_type: "http", http_handler_config: [http] });
    expect(handler).toEqual({
      ...{ kind: "http", url: "http://127.0.0.1:1/x", method: "POST", timeoutMs: 2_000, tlsSkipVerify: false },
      headers: [
        ["X-A", "1"],
        ["X-A", "2"],
      ],
    });
  });

  test("may have a URL with an IPv4 address in brackets, as in Go", () => {
    const http = { path: "http://[127.0.0.1]:1/x" };
    const { handler } = decodeWatchDefinition({ type: "nodes", handler_type: "http", http_handler_config: http });
    expect(handler).toMatchObject({ url: "http://127.0.0.1:1/x" });
  });

  test.each<[object, string]>([
    [{ args: ["x"] }, "Watch type must be specified"],
    [{ type: "key" }, "Must define a watch handler"],
    [{ type: "key", args: ["x"], handler: "y" }, "Only one watch handler allowed"],
    [{ type: "key", handler_type: "mail" }, "Handler type 'mail' not recognized"],
    [{ type: "key", handler_type: "http" }, "requires 'http_handler_config' to be set"],
    [{ type: "key", handler_type: "http", http_handler_config: {} }, "Requires 'path' to be set"],
    [{ type: "key", handler_type: "http", http_handler_config: { path: "x" } }, "'path' is no URL"],
    [{ type: "key", args: [1] }, "Expecting args to be a list of strings"],
    [{ type: 7, args: ["x"] }, "Expecting type to be a string"],
  ])("%j is refused: %s", (plain, message) => {
    expect(() => decodeWatchDefinition(plain)).toThrow(message);
  });
});
