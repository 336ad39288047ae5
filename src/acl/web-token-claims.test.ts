import { expect, test } from "bun:test";
import { identityOfClaims } from "./web-token-claims.ts";

function refusalOf(item: unknown): string {
  try {
    const { fields } = identityOfClaims({ groups: [item] }, { values: [], lists: [["groups", "groups"]] });
    return JSON.stringify(fields);
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
}

test("the refusal of a claim shows any JSON as Go prints it, numbers of any size among it", () => {
  for (const [item, text] of [
    [[1, -2.5, true, null], "[1 -2.5 true <nil>]"],
    [[999_999, 1e6, 0.0001, 0.00001], "[999999 1e+06 0.0001 1e-05]"],
    [[12345678901234567890n], "[1.2345678901234567e+19]"],
    [{ b: { c: [] }, a: "x" }, "map[a:x b:map[c:[]]]"],
  ] as const)
    expect(refusalOf(item)).toBe(`value ${text} in "groups" list claim could not be parsed as string`);
});
