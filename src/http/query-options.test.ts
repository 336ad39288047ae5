import { describe, expect, test } from "bun:test";
import { HttpError } from "./http-error.ts";
import { parseBool } from "../lib/go-bool.ts";
import { parseQueryOptions } from "./query-options.ts";
import { QueryString } from "./query-string.ts";

function parse(text: string) {
  return parseQueryOptions(new QueryString(text));
}

function refusal(act: () => unknown): { readonly status: number; readonly message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof HttpError) return { status: error.status, message: error.message };
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("the options of a read", () => {
  test('are by default index 0, no wait, and consistency "leader"', () => {
    const plain = { index: 0, waitMs: undefined, consistency: "leader", maxStaleMs: undefined } as const;
    for (const text of ["", "raw", "index=&wait="]) expect(parse(text)).toEqual(plain);
  });

  test.each([
    ["index=7&wait=10s", { index: 7, waitMs: 10_000 }],
    ["index=0", { index: 0 }],
    ["wait=1m30s", { waitMs: 90_000 }],
    ["wait=0", { waitMs: 0 }],
    ["stale", { consistency: "stale" }],
    ["stale=false", { consistency: "stale" }],
    ["max_stale=1s", { consistency: "stale", maxStaleMs: 1_000 }],
    ["max_stale=0s", { consistency: "leader" }],
    ["consistent", { consistency: "consistent" }],
  ])("are parsed from the query string %s", (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  test.each([
    ["index=x", "Invalid index"],
    ["index=-1", "Invalid index"],
    ["index=1.5", "Invalid index"],
    ["index=18446744073709551616", "Invalid index"],
    ["wait=10", "Invalid wait time"],
    ["wait=soon", "Invalid wait time"],
    ["max_stale=soon", 'Invalid max_stale value "soon"'],
    ["stale&consistent", "Cannot specify ?stale with ?consistent, conflicting semantics."],
    ["cached&consistent", "Cannot specify ?cached with ?consistent, conflicting semantics."],
  ])("are refused in the query string %s", (text, message) => {
    expect(refusal(() => parse(text))).toEqual({ status: 400, message });
  });

  test("may include the highest unsigned 64-bit number as index", () => {
    expect(parse("index=18446744073709551615").index).toBe(2 ** 64);
  });
});

test.each([
  [["1", "t", "T", "TRUE", "true", "True"], true],
  [["0", "f", "F", "FALSE", "false", "False"], false],
  [["", "yes", "tRUE", "2", " true"], undefined],
])("each of the texts %p is parsed as the boolean %p", (texts, expected) => {
  for (const text of texts) expect(parseBool(text)).toBe(expected);
});
